import { computed, signal } from "@preact/signals-core";
import type { Clock } from "../../../shared/src/clock.ts";
import type { Desk } from "./desk.ts";

/** How long the server is given to hear that the agent goes. */
const lastWord = 2_000;

/** Signing out: asks where conversations run, goes off duty, and only then ends the session. */
export class Leaving {
  readonly #desk: Desk;
  readonly #clock: Clock;
  readonly #signOut: (() => void) | undefined;
  readonly #going = signal(false);

  /** Conversations that would be left behind: running and parked ones. */
  readonly open = computed(() => this.#desk.cards.value.filter((card) => !card.wrapUp.value && card.item.value.state === "active").length);
  readonly possible = computed(() => this.#signOut !== undefined && !this.#going.value);

  constructor(desk: Desk, clock: Clock, signOut: (() => void) | undefined) {
    this.#desk = desk;
    this.#clock = clock;
    this.#signOut = signOut;
  }

  /** Signs out; while conversations are open it asks first. */
  async ask(): Promise<void> {
    if (this.open.peek() > 0) this.#desk.overlay.value = "leaving";
    else await this.go();
  }

  stay(): void {
    this.#desk.overlay.value = undefined;
  }

  /** Signs out. New work stops at once, even where the server does not answer. */
  async go(): Promise<void> {
    if (!this.possible.peek()) return;
    this.#going.value = true;
    await new Promise<void>((done) => {
      const stop = this.#clock.after(lastWord, done);
      void this.#desk.own.leave().then(() => {
        stop();
        done();
      });
    });
    this.#desk.overlay.value = undefined;
    this.#signOut?.();
  }
}
