import { effect } from "@preact/signals";
import type { Clock } from "../../../shared/src/index.ts";

/** Resolves when what is read of signals holds, or after so many milliseconds. */
export function holds(is: () => boolean, clock: Clock, within = Infinity): Promise<void> {
  return new Promise((resolve) => {
    const late = within < Infinity ? clock.after(within, () => done()) : undefined;
    const stop = effect(() => {
      if (is()) queueMicrotask(done); // not inside of what has changed
    });
    const done = (): void => {
      late?.();
      stop();
      resolve();
    };
  });
}
