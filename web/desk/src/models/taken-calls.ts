import type { CallItem, ConversationID, OfferItem } from "../../../shared/src/protocol.gen.ts";

/** How long after Accept the visitor's question for the call is answered by it, in ms: the panel asks when it sees the agent come. */
const answersFor = 30_000;

/**
 * The calls that were taken with their offers: who accepts an offer of audio or
 * video has said yes to the call, and is not asked again (ROUTE-3, VIS-6). It
 * counts once, for no more than was offered, and only in the tab where Accept
 * was pressed: what is accepted by itself opens no camera (ROUTE-7).
 */
export class TakenCalls {
  readonly #now: () => number;
  readonly #taken = new Map<ConversationID, { readonly video: boolean; readonly until: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Accept was pressed. */
  took({ conversation, kind, medium }: OfferItem): void {
    const waited = kind === undefined || kind === "offer" || kind === "all"; // a colleague's request brings no question
    if (waited && (medium === "audio" || medium === "video")) this.#taken.set(conversation, { video: medium === "video", until: this.#now() + answersFor });
  }

  /** It was not to be had. */
  lost(conversation: ConversationID): void {
    this.#taken.delete(conversation);
  }

  /** Whether a call that comes is one that was taken with its offer. */
  answers({ conversation, state, askedBy, media }: CallItem): boolean {
    const taken = this.#taken.get(conversation);
    this.#taken.delete(conversation);
    return taken !== undefined && state === "asked" && askedBy === "visitor" && this.#now() <= taken.until && (media === "audio" || taken.video);
  }
}
