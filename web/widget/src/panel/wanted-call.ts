import { effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import type { ConversationID, ConversationItem } from "../../../shared/src/index.ts";
import type { CallModel, OwnSteps } from "./call-model.ts";

/** What a WantedCall needs of the panel. */
export interface WantedCallPorts {
  readonly conversation: ReadonlySignal<ConversationItem | undefined>;
  readonly calls: ReadonlySignal<CallModel | undefined>;
  readonly own: OwnSteps;
}

/**
 * The call that a visitor wanted from the first. It is asked for by itself, once, in the tab that wanted it, when an agent
 * has taken the conversation; not when the visitor has meanwhile chosen to chat, or the agent was quicker to ask.
 */
export class WantedCall {
  readonly #own: OwnSteps;
  readonly #wanted = signal(0);

  constructor({ conversation, calls, own }: WantedCallPorts) {
    this.#own = own;
    effect(() => {
      const [it, call] = [conversation.value, calls.value];
      if (this.#wanted.value >= 0 && it && call) untracked(() => this.#look(it, call));
    });
  }

  /** This tab has asked for that conversation in order to call. */
  remember(conversation: ConversationID): void {
    this.#own.add(conversation);
    this.#wanted.value++;
  }

  #look({ conversation, state, medium }: ConversationItem, call: CallModel): void {
    if (state === "queued" || !this.#own.has(conversation)) return;
    this.#own.delete(conversation);
    const going = call.asked.value ?? call.asking.value ?? call.running.value;
    if (state === "active" && (medium === "audio" || medium === "video") && !going) void call.ask(conversation, medium); // it tells its failure
  }
}
