import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { jittered, type Clock } from "../../../shared/src/clock.ts";
import { systemClock } from "../../../shared/src/browser/index.ts";

const tries = 8;
const longestWait = 8_000;

/**
 * Loads a part, again and again while the server is away: within about half a minute it is there, or it rejects by the
 * last try's reason. Asked for again meanwhile or later it is the same load.
 */
export function patient<T>(load: () => Promise<T>, clock: Clock): () => Promise<T> {
  const attempt = async (left: number, wait: number): Promise<T> => {
    try {
      return await load();
    } catch (reason) {
      if (left === 0) throw reason;
      await new Promise<void>((go) => void clock.after(jittered(clock, wait), go));
      return attempt(left - 1, Math.min(wait * 2, longestWait));
    }
  };
  let loading: Promise<T> | undefined;
  return () => (loading ??= attempt(tries - 1, 500));
}

/** A part of the desk that is not in its first load. */
type Part<P> = LazyExoticComponent<ComponentType<P>> & { readonly load: () => Promise<unknown> };

function part<P>(load: () => Promise<ComponentType<P>>): Part<P> {
  const once = patient(async () => ({ default: await load() }), systemClock);
  return Object.assign(lazy(once), { load: once });
}

export const Dock = part(async () => (await import("./dock.tsx")).Dock);
export const DialogView = part(async () => (await import("./dialogs.tsx")).DialogView);
export const Overlays = part(async () => (await import("./overlays.tsx")).Overlays);
export const CallPanel = part(async () => (await import("./call-panel.tsx")).CallPanel);
export const CobrowsePanel = part(async () => (await import("./cobrowse-panel.tsx")).CobrowsePanel);

/** Fetches what has not been shown yet, so that it is there when it is wanted, whatever has become of the server by then. */
export function loadParts(): void {
  for (const { load } of [DialogView, Overlays, CallPanel, CobrowsePanel]) load().catch(() => undefined); // told when it is to be shown
}
