import type { Clock } from "../clock.ts";

/** The page's own time and chance. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const id = setTimeout(run, ms);
    return () => clearTimeout(id);
  },
  random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
};

/** Calls `nudge` when the page learns that a retry may succeed now: online again, or shown again. */
export function watchPage(nudge: () => void, signal: AbortSignal): void {
  addEventListener("online", nudge, { signal });
  addEventListener("pageshow", nudge, { signal });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && nudge(), { signal });
}
