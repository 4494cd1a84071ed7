/** The desk's first message to the viewer's window; it brings the port. */
export const portMessage = "parlour-viewer-port";

/** What the desk tells the viewer. Buffers are transferred. */
export type ToViewer = { readonly type: "packet"; readonly data: ArrayBuffer };

/** What the viewer tells the desk. */
export type FromViewer =
  /** It is ready for packets: the desk asks the server to begin. */
  | { readonly type: "ready" }
  /** Packets are missing: the desk asks the server to begin anew. */
  | { readonly type: "gap" }
  /** A replica of this gen is on the screen. */
  | { readonly type: "painted"; readonly gen: number }
  /** The visitor's viewport, in CSS pixels. */
  | { readonly type: "viewport"; readonly width: number; readonly height: number };
