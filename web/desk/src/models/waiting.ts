import { computed, signal, type ReadonlySignal } from "@preact/signals-core";
import type { ConversationID, QueueID, QueueItem, WaitingItem } from "../../../shared/src/protocol.gen.ts";
import { words } from "../catalogue.ts";
import { sentence, type Line } from "./line.ts";

/** What one queue has for agents to pick from: whose turn it is, then the oldest first. */
export interface WaitingList {
  readonly queue: QueueID;
  readonly name: string;
  readonly items: readonly WaitingItem[];
}

/** What the waiting lists are made of. */
export interface WaitingParts {
  readonly queues: ReadonlySignal<readonly QueueItem[]>;
  readonly items: ReadonlySignal<readonly WaitingItem[]>;
  readonly line: Line;
  /** Whether this agent may pick another than the first; reads signals. */
  readonly any: () => boolean;
  /** The conversation is the agent's: its card comes to the front. */
  readonly taken: (conversation: ConversationID) => void;
}

/** The waiting lists of the agent's queues: looking at them locks nothing (ROUTE-6). */
export class Waiting {
  /** What the last pick was refused for; empty when it was not. */
  readonly failure = signal("");
  readonly lists: ReadonlySignal<readonly WaitingList[]>;
  readonly #p: WaitingParts;
  readonly #busy = signal(false);

  constructor(parts: WaitingParts) {
    this.#p = parts;
    this.lists = computed(() => {
      const all = [...parts.items.value].sort((a, b) => Number(b.head === true) - Number(a.head === true) || a.since - b.since);
      const pulls = parts.queues.value.filter((q) => q.mode === "pull");
      return pulls.map(({ queue, name }) => ({ queue, name, items: all.filter((it) => it.queue === queue) }));
    });
  }

  /** The first of the first list where somebody waits. */
  readonly first = computed(() => this.lists.value.flatMap((list) => list.items.slice(0, 1))[0]);

  /** Whether it is this one's turn, or the agent may pick out of order. */
  inTurn(item: WaitingItem): boolean {
    return item.head === true || this.#p.any();
  }

  canPick(item: WaitingItem): boolean {
    return this.inTurn(item) && !this.#busy.value;
  }

  canNext(list: WaitingList): boolean {
    return list.items.length > 0 && !this.#busy.value;
  }

  /** Takes this one. The second agent to do so is told who was first. */
  pick({ conversation, name }: WaitingItem): Promise<void> {
    return this.#take(() => this.#p.line.command("queue.pick", { conversation }), words.visitor(name, conversation), conversation);
  }

  /** Takes the one whose turn it is. */
  next({ queue, name }: WaitingList): Promise<void> {
    return this.#take(() => this.#p.line.command("queue.next", { queue }), name);
  }

  /** about names what is taken: it may have left the list when the refusal comes. */
  async #take(send: () => Promise<{ conversation?: ConversationID }>, about: string, picked?: ConversationID): Promise<void> {
    if (this.#busy.value) return;
    this.#busy.value = true;
    this.failure.value = "";
    try {
      const { conversation = picked } = await send();
      if (conversation !== undefined) this.#p.taken(conversation);
    } catch (reason) {
      this.failure.value = words.waiting.refused(about, sentence(reason));
    } finally {
      this.#busy.value = false;
    }
  }
}
