import { Closed, jittered, type Clock } from "../../../shared/src/index.ts";
import type { Rest } from "./rest.ts";
import type { VisitorStore } from "./visitor-store.ts";

/** What ends tokens needs. */
export interface LeavingPorts {
  readonly store: VisitorStore;
  readonly rest: Pick<Rest, "signOut">;
  readonly clock: Clock;
  /** Nothing is left to be ended. */
  readonly done: () => void;
}

const firstWait = 1_000;
const longestWait = 60_000;

/**
 * Has the server end the tokens of visitors who are logged out. One that cannot be ended now stays in the store, and is tried
 * again while the page lives, after waits that double up to a minute, and by the next page.
 */
export class Leaving {
  readonly #ports: LeavingPorts;
  readonly #underway = new Set<string>();
  #wait = firstWait;
  #stopWaiting: (() => void) | undefined;

  constructor(ports: LeavingPorts) {
    this.#ports = ports;
  }

  /** A token is not to be used any more, by nobody. */
  end(token: string): void {
    this.#ports.store.end(token);
    this.go();
  }

  /** The token that is being made. When `life` ends before, rejects with Closed at once, and ends the token as soon as it is there. */
  unlessOver(life: AbortSignal, making: Promise<string>): Promise<string> {
    return new Promise((resolve, reject) => {
      life.addEventListener("abort", () => reject(new Closed()), { once: true });
      making.then((token) => (life.aborted ? this.end(token) : resolve(token)), reject);
    });
  }

  /** Tries all now that were logged out here; `others` those of other tabs, too, which may be gone. */
  go(others = false): void {
    if (others) this.#ports.store.takeLeaving();
    for (const token of this.#ports.store.state.leaving) if (!this.#underway.has(token)) void this.#end(token);
    this.#settle();
  }

  async #end(token: string): Promise<void> {
    const { rest, store } = this.#ports;
    this.#underway.add(token);
    try {
      await rest.signOut(token);
      store.ended(token);
    } catch {
      // the server is away: again later
    }
    this.#underway.delete(token);
    this.#settle();
  }

  #settle(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    if (this.#underway.size > 0) return;
    const { store, clock, done } = this.#ports;
    if (store.state.leaving.length === 0) {
      this.#wait = firstWait;
      if (store.left.length === 0) done();
      return;
    }
    this.#stopWaiting = clock.after(jittered(clock, this.#wait), () => this.go());
    this.#wait = Math.min(2 * this.#wait, longestWait);
  }
}
