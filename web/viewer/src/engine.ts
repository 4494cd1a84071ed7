import type { PageEvent } from "./page-event.ts";

/** Size of the visitor's viewport in CSS pixels. */
export interface Viewport {
  readonly width: number;
  readonly height: number;
}

/** What an engine tells. */
export interface EngineEvents {
  /** The visitor's viewport is now of this size. */
  viewport(size: Viewport): void;
  /** A new replica has been painted. */
  painted(): void;
}

/**
 * Draws the visitor's page from its events, without running anything of it. It
 * applies events in the order in which it gets them, never by their time, and
 * keeps the state only: its memory does not grow with the number of events.
 */
export interface CobrowseEngine {
  /** Throws the replica away and builds a new one from a snapshot. */
  begin(snapshot: readonly PageEvent[]): void;
  /** Applies changes. Before the first begin they are dropped. */
  apply(events: readonly PageEvent[]): void;
  /** Throws the replica away for good. */
  close(): void;
}
