/** What the loader (host page) and the panel (iframe) say to each other over one MessagePort. */

/** The one message by window.postMessage: it brings the port. */
export interface Handshake {
  readonly parlour: "port";
}

/** From the host page to the panel. */
export type ToPanel =
  | {
      readonly kind: "begin";
      readonly open: boolean;
      /** The visitor opened it just now: the keyboard belongs to the message box. */
      readonly focus: boolean;
      /** What an earlier page asked to keep; null when nothing is there. */
      readonly kept: string | null;
      /** Calls and shared pages that this tab had on an earlier page. */
      readonly own?: readonly string[];
      /** A signed identity that the page gave. */
      readonly identity: string | null;
      /** The person whom the site has named since this visitor was made, as whoOf tells it; null where it has not. */
      readonly who?: string | null;
      /** When the site has logged out last, Unix milliseconds: who was made before is nobody any more. 0 where it has not. */
      readonly out?: number;
      /** Instead of `out`, from a loader of an earlier version: the site has logged out since the panel was there. */
      readonly forget?: boolean;
    }
  | { readonly kind: "shown"; readonly open: boolean; readonly focus: boolean }
  /** Another tab of the site has changed what is kept. `n` numbers the last `keep` that was heard before this was said, 0 where none was. */
  | { readonly kind: "kept"; readonly kept: string | null; readonly n?: number }
  /** The browser shows this page again, after others in this tab: their calls and shared pages. */
  | { readonly kind: "own"; readonly ids: readonly string[] }
  | { readonly kind: "identify"; readonly identity: string }
  /**
   * The site has logged out, at `out` as above, here or in another tab. Without it, from an earlier version: now. `here` is of
   * this very page just now: whoever is there is logged out, whatever the clock said when that visitor was made.
   */
  | { readonly kind: "reset"; readonly out?: number; readonly here?: boolean }
  /** A co-browse packet, header and all; the buffer is transferred. */
  | { readonly kind: "packet"; readonly data: ArrayBuffer }
  /** The visitor pressed Stop on the frame. */
  | { readonly kind: "cobrowse-stop"; readonly cobrowse: string }
  /** The page cannot be captured (its rules forbid the script). */
  | { readonly kind: "cobrowse-failed"; readonly cobrowse: string };

/** From the panel to the host page. */
export type FromPanel =
  | { readonly kind: "ready" }
  /** What was kept of visitors whom the site has logged out until `out` is gone, here and at the server. */
  | { readonly kind: "forgotten"; readonly out: number }
  /** Put into the page's own storage, because the panel's refuses, if `was` is still there; null forgets it. `n` counts from 1. */
  | { readonly kind: "keep"; readonly value: string | null; readonly was: string | null; readonly n?: number }
  /** A conversation is alive: the next page opens the panel by itself. `who` is whom the site named when the visitor was made, `made` when that was, Unix milliseconds, 0 where there is none. */
  | { readonly kind: "alive"; readonly alive: boolean; readonly who: string | null; readonly made?: number }
  /** This tab's calls and shared pages, for the next page in it. */
  | { readonly kind: "own"; readonly ids: readonly string[] }
  /** We are in a call: the microphone may be open. */
  | { readonly kind: "call"; readonly live: boolean }
  | { readonly kind: "unread"; readonly count: number }
  | { readonly kind: "close" }
  /** Something needs the visitor's eye (a question): the panel is to be shown. */
  | { readonly kind: "open" }
  /** The site's own colour for the launcher, as #rrggbb. */
  | { readonly kind: "look"; readonly color: string }
  /** Co-browse runs: capture, show the frame; again when the watchers change. */
  | { readonly kind: "cobrowse"; readonly cobrowse: string; readonly agent: string; readonly watchers: number; readonly mask: readonly string[] }
  | { readonly kind: "cobrowse-snapshot" }
  | { readonly kind: "cobrowse-end" };

/** What the capture chunk gives the loader; it registers itself under `captureKey` of the window. */
export type StartCapture = (options: CaptureOptions) => Capture;

/** What a capture needs. */
export interface CaptureOptions {
  readonly cobrowse: string;
  /** Selectors of the site, masked beside what always is. */
  readonly mask: readonly string[];
  /** Takes each packet, in order; the buffer is given away. */
  readonly emit: (packet: ArrayBuffer) => void;
  /** Selects our own interface, which is never captured. */
  readonly own: string;
}

/** A running capture. */
export interface Capture {
  /** Begins a new generation with a full snapshot. */
  snapshot(): void;
  stop(): void;
}

export const captureKey = "__parlourCapture";
