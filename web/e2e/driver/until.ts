import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";

/** How long a verb waits before it gives up, in milliseconds. */
export const guard = 15_000;

/** How often a condition is looked at, in milliseconds. */
const beat = 40;

/** A condition that did not come true in time, with what was there instead. */
export class NotSeen extends Error {
  override readonly name = "NotSeen";
}

class NoAnswer extends Error {}

/**
 * Looks again and again until `look` answers something truthy, and returns it. A look that throws counts as "not yet":
 * frames come and go. After `within` milliseconds it throws NotSeen with `what`, the last error and what `report` says.
 */
export async function until<T>(
  what: string,
  look: (leftMs: number) => Promise<T>,
  within: number = guard,
  report: () => Promise<string> = () => Promise.resolve(""),
): Promise<NonNullable<T>> {
  const end = performance.now() + within;
  let last: unknown;
  for (;;) {
    const left = end - performance.now();
    if (left <= 0) break;
    try {
      const answer = await atMost(look(left), left);
      if (answer) return answer;
      last = undefined;
    } catch (error) {
      // A look that the end cut short knows less than the one before it.
      if (!(error instanceof NoAnswer) || last === undefined) last = error;
    }
    await pause(Math.max(1, Math.min(beat, end - performance.now())));
  }
  const reason = last === undefined ? "" : `\n  last: ${last instanceof Error ? last.message : inspect(last)}`;
  const seen = await atMost(report(), 10_000).catch((error: unknown) => `(no report: ${String(error)})`);
  throw new NotSeen(`after ${within} ms not seen: ${what}${reason}${seen === "" ? "" : `\n${seen}`}`);
}

/** The promise's answer, or an error after so many milliseconds: nothing that a browser does may hang a story. */
export async function atMost<T>(promise: Promise<T>, ms: number): Promise<T> {
  const stop = new AbortController();
  try {
    return await Promise.race([
      promise,
      pause(ms, undefined, { signal: stop.signal }).then(() => {
        throw new NoAnswer(`no answer within ${Math.round(ms)} ms`);
      }),
    ]);
  } finally {
    stop.abort();
  }
}
