import { computed, signal, type ReadonlySignal } from "@preact/signals-core";
import { words } from "../catalogue.ts";
import type { Card } from "./card.ts";
import type { Offer } from "./offer.ts";

/** What asks for the agent's attention: what sounds, what flashes, what the title says, what is read aloud. */
export class Attention {
  /** Whether the tone sounds: an offer that rings in this tab stands open (DESK-9). */
  readonly ringing;
  readonly title;
  /** Whether the title flashes: never by sound alone (DESK-8). */
  readonly flashing;
  /** The last thing for the screen reader, politely; each change is read once. */
  readonly spoken = signal("");
  /** Whether the browser refused to play sound. */
  readonly soundBlocked = signal(false);

  constructor(offers: ReadonlySignal<readonly Offer[]>, cards: ReadonlySignal<readonly Card[]>) {
    this.ringing = computed(() => offers.value.some((o) => o.item.rings && !o.answering.value && o.takenBy.value === ""));
    const open = computed(() => offers.value.filter((o) => o.takenBy.value === ""));
    this.flashing = computed(() => open.value.length > 0);
    this.title = computed(() => {
      const unread = cards.value.reduce((sum, card) => sum + card.unread.value, 0);
      return words.title(open.value.length, unread, open.value[0]?.title.value ?? "");
    });
  }

  /** Has something read aloud without moving the focus. */
  say(text: string): void {
    this.spoken.value = text;
  }
}
