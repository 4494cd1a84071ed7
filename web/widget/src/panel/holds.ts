import { effect } from "@preact/signals";
import type { Clock, Session } from "../../../shared/src/index.ts";

/** How long a view on a way that seems to hold may lack what the server has answered of, milliseconds. */
const viewWait = 5_000;

/** Resolves when what is read of signals holds, or after so many milliseconds. */
export function holds(is: () => boolean, clock: Clock, within = Infinity): Promise<void> {
  return new Promise((resolve) => {
    const ends: (() => void)[] = [];
    const done = (): void => {
      for (const end of ends) end();
      resolve();
    };
    if (within < Infinity) ends.push(clock.after(within, done));
    const look = effect(() => {
      if (is()) queueMicrotask(done); // not inside of what has changed
    });
    ends.push(look);
  });
}

/**
 * Resolves when what is read of a session's view holds; when a view that was asked for once more, after 5 s, does not have it
 * either; or when there will be no way any more. While the way is broken the view learns nothing, and nothing is given up.
 */
export async function viewHolds({ connection, view }: Session, is: () => boolean, clock: Clock): Promise<void> {
  const on = (...states: (typeof connection.state.value)[]): boolean => states.includes(connection.state.value);
  for (;;) {
    await holds(() => is() || !on("live"), clock, viewWait);
    if (is() || on("refused", "closed")) return;
    const old = view.items.value;
    connection.resume(); // nothing while a new way is being tried, which may come to nothing: then once more
    await holds(() => is() || !on("live") || view.items.value !== old, clock, viewWait);
    if (is() || on("refused", "closed") || (on("live") && view.items.value !== old)) return;
    await holds(() => is() || on("live", "refused", "closed"), clock);
  }
}
