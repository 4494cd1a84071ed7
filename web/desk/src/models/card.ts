import { computed, signal, type ReadonlySignal } from "@preact/signals-core";
import type { Log } from "../../../shared/src/log.ts";
import type { CallID, CardItem, ConversationID, Media } from "../../../shared/src/protocol.gen.ts";
import { duration, words } from "../catalogue.ts";
import type { Call, OwnCalls } from "./call.ts";
import type { Cobrowse } from "./cobrowse.ts";
import { Composer, type Drafts } from "./composer.ts";
import { sentence, type Line } from "./line.ts";
import type { Pulse } from "./pulse.ts";

/** What a card is made of. */
export interface CardParts {
  readonly item: ReadonlySignal<CardItem>;
  readonly log: Log;
  readonly drafts: Drafts;
  readonly line: Line;
  readonly pulse: Pulse;
  readonly call: ReadonlySignal<Call | undefined>;
  readonly ownCalls: OwnCalls;
  readonly cobrowse: ReadonlySignal<Cobrowse | undefined>;
  /** Whether this agent's role may start calls and co-browsing; reads signals. */
  readonly may: (right: "call.start" | "cobrowse.start") => boolean;
}

type OfConversation = "chat.park" | "chat.unpark" | "chat.end" | "chat.clear" | "cobrowse.ask";

/** A conversation that holds one of the agent's slots: what is shown of it, what can be done now, and the verbs. */
export class Card {
  readonly item: ReadonlySignal<CardItem>;
  readonly log: Log;
  readonly composer: Composer;
  readonly call: ReadonlySignal<Call | undefined>;
  readonly cobrowse: ReadonlySignal<Cobrowse | undefined>;
  /** What the last verb was refused for; empty when it was not. */
  readonly failure = signal("");
  readonly #busy = signal(false);
  readonly #p: CardParts;

  readonly name = computed(() => words.visitor(this.item.value.name, this.item.value.conversation));
  /** Whether messages go both ways now. */
  readonly running = computed(() => this.item.value.state === "active" && this.item.value.slot !== "wrap_up");
  readonly parked = computed(() => this.item.value.slot === "parked");
  readonly wrapUp = computed(() => this.item.value.slot === "wrap_up");
  /** Messages of the visitor that this agent has not seen. */
  readonly unread = computed(() => this.log.unread.value);
  readonly typing = computed(() => this.log.typing.value !== undefined);
  /** Time since the accept. */
  readonly since = computed(() => duration(this.#p.pulse.now.value - this.item.value.started));
  /** Since the visitor's last message, while it is the agent's turn; empty when it is not (DESK-2). */
  readonly yourTurn = computed(() => {
    const turn = this.item.value.turnSince;
    return turn && this.running.value ? duration(this.#p.pulse.now.value - turn) : "";
  });
  /** Time left in wrap-up; empty outside of it and where it has no limit. */
  readonly wrapLeft = computed(() => {
    const until = this.item.value.wrapUntil;
    return this.wrapUp.value && until ? duration(until - this.#p.pulse.now.value + 999) : "";
  });

  readonly canPark = computed(() => this.running.value && !this.parked.value && !this.#busy.value);
  readonly canResume = computed(() => this.running.value && this.parked.value && !this.#busy.value);
  readonly canEnd = computed(() => this.running.value && !this.#busy.value);
  readonly canClear = computed(() => this.wrapUp.value && !this.#busy.value);
  readonly canAudio = computed(() => this.#canCall("audio"));
  readonly canVideo = computed(() => this.#canCall("video"));
  readonly canCobrowse = computed(() => {
    const free = this.canPark.value && this.cobrowse.value === undefined;
    return free && this.item.value.cobrowse && this.#p.may("cobrowse.start");
  });

  constructor(parts: CardParts) {
    this.#p = parts;
    this.item = parts.item;
    this.log = parts.log;
    this.call = parts.call;
    this.cobrowse = parts.cobrowse;
    this.composer = new Composer(parts.log, parts.drafts, () => this.running.value && !this.parked.value);
  }

  get conversation(): ConversationID {
    return this.log.conversation;
  }

  park(): Promise<void> {
    return this.#run("chat.park");
  }

  resume(): Promise<void> {
    return this.#run("chat.unpark");
  }

  /** Ends the conversation for both sides; call and co-browsing end with it. */
  end(): Promise<void> {
    return this.#run("chat.end");
  }

  /** Frees the slot after wrap-up. */
  clear(): Promise<void> {
    return this.#run("chat.clear");
  }

  /** Asks the visitor for a call; once allowed it runs in this tab. */
  startCall(media: Media): Promise<void> {
    return this.#try(async () => {
      const { id } = await this.#p.line.command("call.ask", { conversation: this.conversation, media });
      if (id === undefined) return;
      this.#p.ownCalls.add(id as CallID);
      const call = this.call.value;
      if (call?.item.value.call === id) call.claim();
    });
  }

  /** Asks the visitor to share the page. */
  startCobrowse(): Promise<void> {
    return this.#run("cobrowse.ask");
  }

  /** The conversation has left the desk. The draft stays kept. */
  close(): void {
    this.composer.close();
  }

  #canCall(media: Media): boolean {
    const item = this.item.value;
    const allowed = media === "video" ? item.video : item.audio;
    return this.canPark.value && allowed && this.call.value === undefined && this.#p.may("call.start");
  }

  #run(kind: OfConversation): Promise<void> {
    return this.#try(() => this.#p.line.command(kind, { conversation: this.conversation }));
  }

  async #try(send: () => Promise<unknown>): Promise<void> {
    if (this.#busy.value) return;
    this.#busy.value = true;
    this.failure.value = "";
    try {
      await send();
    } catch (reason) {
      this.failure.value = sentence(reason);
    } finally {
      this.#busy.value = false;
    }
  }
}
