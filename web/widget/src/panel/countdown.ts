import { effect, signal, untracked, type ReadonlySignal } from "@preact/signals";

/** What a countdown needs of the page. */
export interface CountdownPorts {
  /** Milliseconds since 1970 UTC by the server's clock, as far as it is known. */
  readonly serverNow: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
}

const second = 1_000;

/**
 * The whole seconds until a moment of the server's clock, never below 0; undefined while there is no such moment.
 * It ends by `lifetime`.
 */
export function countdown(end: ReadonlySignal<number | undefined>, ports: CountdownPorts, lifetime: AbortSignal): ReadonlySignal<number | undefined> {
  const left = signal<number | undefined>(undefined);
  let stopTick: (() => void) | undefined;
  const show = (until: number | undefined): void => {
    stopTick?.();
    stopTick = undefined;
    if (until === undefined) {
      left.value = undefined;
      return;
    }
    const ms = Math.max(0, until - ports.serverNow());
    left.value = Math.ceil(ms / second);
    if (ms > 0) stopTick = ports.after(ms % second || second, () => show(until));
  };
  const stop = effect(() => {
    const until = end.value;
    untracked(() => show(until));
  });
  lifetime.addEventListener("abort", () => {
    stop();
    show(undefined);
  });
  return left;
}
