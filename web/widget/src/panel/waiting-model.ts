import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { ConversationID, ConversationItem } from "../../../shared/src/index.ts";

/** A wait in whole minutes, as a range; undefined while it is not known. */
export function minutesOf({ lowMs = 0, highMs = 0 }: { readonly lowMs?: number; readonly highMs?: number }): { low: number; high: number } | undefined {
  if (highMs <= 0) return undefined;
  const low = Math.max(1, Math.ceil(lowMs / 60_000));
  return { low, high: Math.max(low, Math.ceil(highMs / 60_000)) };
}

/** What a visitor who waits reads of the place in line. */
export class WaitingModel {
  readonly #it: ReadonlySignal<ConversationItem | undefined>;
  readonly #grown = signal(false);
  readonly #kept = signal<ConversationID | undefined>(undefined);

  /** Why the place is further back than it was or than the time of asking makes it; a place never grows without a reason. */
  readonly why = computed<"goes_first" | "came_back" | undefined>(() => {
    const it = this.#it.value;
    if (it?.state !== "queued") return undefined;
    if ((it.ahead ?? 0) > 0) return "goes_first";
    return this.#grown.value ? "came_back" : undefined;
  });
  /** The wait in whole minutes, as a range; undefined while it is not known. */
  readonly minutes = computed<{ low: number; high: number } | undefined>(() => {
    return this.#it.value?.state === "queued" ? minutesOf(this.#it.value) : undefined;
  });
  /** Nobody there can do what was asked for, but somebody can chat. */
  readonly chatOnly = computed(() => {
    const it = this.#it.value;
    return it?.state === "queued" && it.chatOnly === true && this.#kept.value !== it.conversation;
  });

  constructor(it: ReadonlySignal<ConversationItem | undefined>) {
    this.#it = it;
    let of: ConversationID | undefined;
    let least = 0;
    effect(() => {
      const now = it.value;
      if (now?.state !== "queued") of = undefined;
      if (now?.state !== "queued" || !now.position) return;
      if (now.conversation !== of) [of, least] = [now.conversation, now.position];
      least = Math.min(least, now.position);
      this.#grown.value = now.position > least;
    });
  }

  /** The visitor would rather wait than chat. */
  keepWaiting(): void {
    this.#kept.value = this.#it.peek()?.conversation;
  }
}
