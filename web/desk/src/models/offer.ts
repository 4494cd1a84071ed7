import { computed, effect, signal, type ReadonlySignal } from "@preact/signals-core";
import type { OfferItem } from "../../../shared/src/protocol.gen.ts";
import { Refusal } from "../../../shared/src/refusal.ts";
import { duration, words } from "../catalogue.ts";
import { sentence, type Line } from "./line.ts";
import type { Pulse } from "./pulse.ts";

/** How long it is shown who took it, in ms. */
const takenFor = 5_000;

/** The question "will you take this conversation?" in this tab. It ends when the server takes it out of the view. */
export class Offer {
  readonly #item: ReadonlySignal<OfferItem>;
  /** Whether an answer is on its way: nothing can be pressed twice. */
  readonly answering = signal(false);
  readonly failure = signal("");
  readonly #line: Line;
  readonly #pulse: Pulse;
  readonly #taken: (offer: Offer, move: boolean) => void;
  readonly #lost: (offer: Offer) => void;
  readonly #takenAt = signal<number | undefined>(undefined);
  readonly #stop: () => void;

  /** Whole seconds until it rings out; never more than it rings at all, whatever the clock has missed. */
  readonly left: ReadonlySignal<number> = computed(() => {
    const { deadline, offered } = this.item;
    return Math.max(0, Math.ceil(Math.min(deadline - this.#pulse.now.value, deadline - offered) / 1000));
  });
  /** "2:57" since the first enqueue; empty when it did not wait. */
  readonly waited = computed(() => (this.item.waited ? duration(this.#pulse.now.value - this.item.since) : ""));
  /** Share of the time that is left, 1 to 0. */
  readonly share = computed(() => {
    const whole = this.item.deadline - this.item.offered;
    return whole > 0 ? Math.min(1, Math.max(0, (this.item.deadline - this.#pulse.now.value) / whole)) : 0;
  });
  /** Who was first, where several were asked; empty while it stands open (ROUTE-5). */
  readonly takenBy = computed(() => this.item.takenBy ?? "");
  /** Whether it has been shown long enough who took it. */
  readonly past = computed(() => this.#takenAt.value !== undefined && this.#pulse.now.value - this.#takenAt.value >= takenFor);
  readonly open = computed(() => !this.answering.value && this.takenBy.value === "" && this.left.value > 0);
  /** That Accept takes a call too, with which devices; empty where it does not. */
  readonly call = computed(() => words.offer.call(this.item.kind, this.item.medium));
  /** What it is called: by what is asked, and by the medium (ROUTE-3). */
  readonly title = computed(() => words.offer.title(this.item.kind, this.item.medium));

  /** taken is told before the accept is sent, so that the card knows where to open, and lost when it was refused. */
  constructor(item: ReadonlySignal<OfferItem>, line: Line, pulse: Pulse, taken: (offer: Offer, move: boolean) => void, lost: (offer: Offer) => void) {
    this.#item = item;
    this.#line = line;
    this.#pulse = pulse;
    this.#taken = taken;
    this.#lost = lost;
    this.#stop = effect(() => {
      if (this.takenBy.value !== "") this.#takenAt.value ??= this.#pulse.exact();
    });
  }

  /** As the server sees it now; reads a signal. */
  get item(): OfferItem {
    return this.#item.value;
  }

  get name(): string {
    return words.visitor(this.item.name, this.item.conversation);
  }

  /** Takes the conversation; move says whether the focus goes to its card. Where there is no room it rings on, and may be taken later. */
  async accept(move: boolean): Promise<void> {
    this.#taken(this, move);
    await this.#answer(() => this.#line.command("offer.accept", { offer: this.item.offer }));
    if (this.failure.value !== "") this.#lost(this);
  }

  /** Gives it back to its old place in the queue. */
  async reject(reason?: string): Promise<void> {
    const offer = this.item.offer;
    await this.#answer(() => this.#line.command("offer.reject", reason === undefined ? { offer } : { offer, reason }));
  }

  /** It has left the view. */
  close(): void {
    this.#stop();
  }

  async #answer(send: () => Promise<unknown>): Promise<void> {
    if (this.answering.value) return;
    this.answering.value = true;
    this.failure.value = "";
    try {
      await send();
    } catch (reason) {
      this.failure.value = reason instanceof Refusal && reason.code === "full" ? words.offer.noRoom : sentence(reason);
      this.answering.value = false;
    }
  }
}
