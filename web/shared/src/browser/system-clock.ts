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

/** What a page tells of itself. */
export interface PageEvents {
  /** A retry may succeed now: online again, or shown again. */
  nudge(): void;
  /** It goes away: another page comes, the tab or the frame is closed, or the browser puts it aside. */
  leave(): void;
  /** The browser had put it aside and shows it again. */
  back(): void;
}

/** Tells what the page learns of itself until signal ends. */
export function watchPage(page: PageEvents, signal: AbortSignal): void {
  addEventListener("online", () => page.nudge(), { signal });
  addEventListener("pagehide", () => page.leave(), { signal });
  addEventListener("pageshow", ({ persisted }) => (persisted ? page.back() : page.nudge()), { signal });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && page.nudge(), { signal });
}
