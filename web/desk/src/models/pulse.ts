import { signal, type ReadonlySignal } from "@preact/signals-core";
import type { Clock, Lifetime } from "../../../shared/src/clock.ts";

/**
 * The time that the desk's timers show: it beats each half second, in the
 * server's time as far as it is known. All timers of a page share one.
 */
export class Pulse {
  readonly #clock: Clock;
  readonly #now;
  #ahead = 0;

  constructor(clock: Clock, ends: Lifetime) {
    this.#clock = clock;
    this.#now = signal(clock.now());
    let stop = (): void => undefined;
    const beat = (): void => {
      this.#now.value = this.exact();
      stop = clock.after(500, beat);
    };
    beat();
    ends.addEventListener("abort", () => stop(), { once: true });
  }

  /** The server's time in milliseconds at the last beat. */
  get now(): ReadonlySignal<number> {
    return this.#now;
  }

  /** The server's time in milliseconds, read now. */
  exact(): number {
    return this.#clock.now() + this.#ahead;
  }

  /** The server has told its time. */
  set(serverNow: number): void {
    this.#ahead = serverNow - this.#clock.now();
    this.#now.value = this.exact();
  }
}
