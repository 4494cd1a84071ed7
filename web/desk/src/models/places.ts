import { computed, signal } from "@preact/signals-core";
import type { ConversationID } from "../../../shared/src/protocol.gen.ts";

/** A card on the desk: a place that holds a conversation, or is empty. */
export interface Place {
  readonly id: string;
  readonly conversation?: ConversationID;
}

/**
 * The cards on the desk, in reading order. A conversation opens in the first
 * empty one; where there is none, in a new one (DESK-1). There is always one.
 */
export class Places {
  readonly places = signal<readonly Place[]>([{ id: "card-1" }]);
  /** The id of the place that is in front. */
  readonly front = signal("card-1");
  /** Counts wishes to put the cursor into the front card's text box. */
  readonly focusWish = signal(0);
  /** The latest wish to move the front card: to a side of its own, or among the tabs of other cards. Whoever lays them out fulfils it and clears it. */
  readonly moving = signal<{ readonly place: string; readonly to: "side" | "tabs" } | undefined>(undefined);
  #made = 1;

  readonly conversation = computed(() => this.places.value.find((p) => p.id === this.front.value)?.conversation);

  /** Puts a conversation on the desk; front says whether it comes to the front. Twice does no harm. */
  open(conversation: ConversationID, front: boolean): void {
    let place = this.#of(conversation) ?? this.#empty();
    if (place === undefined) {
      place = { id: this.#newId() };
      this.places.value = [...this.places.value, place];
    }
    const { id } = place;
    this.places.value = this.places.value.map((p) => (p.id === id ? { id, conversation } : p));
    if (front) this.show(id);
  }

  /** Brings a place to the front and the cursor into its text box. */
  show(id: string): void {
    this.front.value = id;
    this.focusWish.value++;
  }

  /** The agent has brought a place to the front himself: the cursor stays where he put it. */
  shown(id: string): void {
    this.front.value = id;
  }

  /** Opens one more empty card. */
  add(): void {
    const id = this.#newId();
    this.places.value = [...this.places.value, { id }];
    this.front.value = id;
  }

  /** Moves the front card by keys, as it could be dragged by the mouse. */
  move(to: "side" | "tabs"): void {
    this.moving.value = { place: this.front.value, to };
  }

  /** Takes a conversation off the desk: its card goes, or stays empty when it is the only one. */
  clear(conversation: ConversationID): void {
    const place = this.#of(conversation);
    if (place !== undefined) this.close(place.id);
  }

  /** Closes a card; the last one stays, empty. */
  close(id: string): void {
    const all = this.places.value;
    const at = all.findIndex((p) => p.id === id);
    if (at < 0) return;
    if (all.length === 1) {
      this.places.value = [{ id }];
      return;
    }
    this.places.value = all.filter((p) => p.id !== id);
    if (this.front.value !== id) return;
    const next = this.places.value[Math.min(at, this.places.value.length - 1)];
    if (next !== undefined) this.front.value = next.id;
  }

  /** Goes to the card after or before the one in front, around the ends. */
  step(by: 1 | -1): void {
    const all = this.places.value;
    const at = all.findIndex((p) => p.id === this.front.value);
    const next = all[(at + by + all.length) % all.length];
    if (next !== undefined) this.show(next.id);
  }

  /** Takes the cards of an earlier page load; what is not a list of places is not taken. */
  restore(saved: unknown): void {
    if (!Array.isArray(saved) || saved.length === 0 || saved.length > 50) return;
    const places = saved.filter(isPlace);
    const ids = new Set(places.map((p) => p.id));
    if (places.length !== saved.length || ids.size !== saved.length) return;
    this.places.value = places;
    this.front.value = places[0]?.id ?? this.front.value;
    this.#made = Math.max(...places.map((p) => Number(p.id.slice("card-".length))));
  }

  #newId(): string {
    this.#made++;
    return `card-${String(this.#made)}`;
  }

  #of(conversation: ConversationID): Place | undefined {
    return this.places.value.find((p) => p.conversation === conversation);
  }

  #empty(): Place | undefined {
    return this.places.value.find((p) => p.conversation === undefined);
  }
}

function isPlace(value: unknown): value is Place {
  if (typeof value !== "object" || value === null || !("id" in value)) return false;
  if (typeof value.id !== "string" || !/^card-\d{1,9}$/.test(value.id)) return false;
  return !("conversation" in value) || typeof value.conversation === "string";
}
