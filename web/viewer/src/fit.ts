import type { Viewport } from "./engine.ts";

/** Where the visitor's viewport lies in the pane. */
export interface Fit {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** Scales the whole viewport into the pane, never above its own size, in the middle. */
export function fit(viewport: Viewport, pane: Viewport): Fit {
  const scale = Math.min(1, pane.width / viewport.width, pane.height / viewport.height);
  const left = Math.max(0, (pane.width - viewport.width * scale) / 2);
  const top = Math.max(0, (pane.height - viewport.height * scale) / 2);
  return { scale, left, top };
}
