/** Time and chance, passed in so that tests can hold both. */
export interface Clock {
  /** Milliseconds since 1970 UTC. Used for waiting and showing, never for order. */
  now(): number;
  /** Calls `run` once after `ms` milliseconds unless the returned function is called first. */
  after(ms: number, run: () => void): () => void;
  /** A number in [0, 1). */
  random(): number;
}

/** Spreads a wait over [half, whole] of `ms`, so that many clients do not come back at once. */
export function jittered(clock: Clock, ms: number): number {
  return ms / 2 + (clock.random() * ms) / 2;
}

/** What ends a thing that runs: an AbortSignal has this form. */
export interface Lifetime {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
}
