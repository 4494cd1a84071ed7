/** A name that people see: a string must fit whole (white space folded), a RegExp anywhere. */
export type Name = string | RegExp;

/** Options of every verb that waits. */
export interface Wait {
  /** Hang guard in milliseconds (default 15 000); when it runs out the verb fails with what was on the page. */
  readonly within?: number;
}

/** One step on the way to an element: a role with its accessible name, or a text. */
export type Step =
  | { readonly by: "role"; readonly role: string; readonly name?: Name }
  | { readonly by: "text"; readonly text: Name };

/**
 * A part of a page that a person could use: the page, a frame, or what is inside an element. Elements are found by
 * accessible role and name, through open shadow roots, only where they are visible. Every verb waits for its condition
 * and needs exactly one match, else it fails with an outline of the page and a screenshot in the artifacts.
 */
export interface Surface {
  /** Clicks with the mouse, as a person would: the element must be visible, enabled and not covered. */
  click(role: string, name?: Name, wait?: Wait): Promise<void>;
  /** Replaces what a text box holds by typing, key by key. */
  type(role: string, name: Name, text: string, wait?: Wait): Promise<void>;
  /** Focuses the element and presses a key, such as "Enter" or "Escape". */
  pressIn(role: string, name: Name | undefined, key: string, wait?: Wait): Promise<void>;
  /** Waits until at least one such element is visible. */
  see(role: string, name?: Name, wait?: Wait): Promise<void>;
  /** Waits until a visible element whose own text fits is there. */
  seeText(text: Name, wait?: Wait): Promise<void>;
  /** Waits until no such element is visible. */
  gone(role: string, name?: Name, wait?: Wait): Promise<void>;
  /** Waits until no visible element has that text. */
  goneText(text: Name, wait?: Wait): Promise<void>;
  /** How many such elements are visible now; waits for nothing. */
  count(role: string, name?: Name): Promise<number>;
  /** The visible text of the one such element. */
  read(role: string, name?: Name, wait?: Wait): Promise<string>;
  /** The value of the one such form control. */
  value(role: string, name: Name, wait?: Wait): Promise<string>;
  /** Waits until the one such element can (or, with `false`, cannot) be used. */
  enabled(role: string, name: Name, can?: boolean, wait?: Wait): Promise<void>;
  /** What is inside the one element with this role and name; resolved anew at each verb. */
  within(role: string, name?: Name): Surface;
}

/** A document: the page's own, or a frame's of whatever origin. Resolved anew at each verb, so it outlives navigation. */
export interface Frame extends Surface {
  /** The document's address now; throws when there is no such frame now. */
  url(): string;
  /** Runs a self-contained function in the document and returns its JSON-able answer. */
  evaluate<R>(fn: () => R | Promise<R>): Promise<R>;
  evaluate<A, R>(fn: (arg: A) => R | Promise<R>, arg: A): Promise<R>;
  /** Waits until the function, run in the document, answers something truthy, and returns that. */
  until<A, R>(what: string, fn: (arg: A) => R | Promise<R>, arg: A, wait?: Wait): Promise<NonNullable<R>>;
  /** The whole document as text, with what is in open shadow roots and form controls: for searches that must find nothing. */
  html(): Promise<string>;
  /** The n-th frame directly inside this one. */
  inner(n?: number): Frame;
}

/** One message that a page sent or received, by any frame of it. */
export interface WireFrame {
  readonly frame: string;
  readonly via: "websocket" | "datachannel" | "http";
  readonly way: "up" | "down";
  /** Name of the channel, or address of the socket. */
  readonly channel: string;
  /** Binary content is read as UTF-8, with replacement characters where it is not. */
  readonly text: string;
}

/** A tab. */
export interface Page extends Frame {
  /** Loads an address and waits for its load event. */
  open(url: string): Promise<void>;
  reload(): Promise<void>;
  /**
   * Looks for the page's frames anew. Of a page that came back (see `putAside`) it may not be known which frames it has, nor
   * which it has opened in the moment it came back (Chromium opened with `putAside` only).
   */
  anew(): Promise<void>;
  /** Brings the tab before the others of its browser; a person clicks and types only in that one. */
  front(): Promise<void>;
  /** The frame whose address contains the text or fits the expression. */
  frame(address: string | RegExp): Frame;
  /** Addresses of all documents of the page now, its own first. */
  frames(): string[];
  /** Presses a key wherever the focus is. */
  press(key: string): Promise<void>;
  /** Role, name and text of what has the keyboard focus, across frames; "" when nothing has. */
  focused(): Promise<string>;
  /** Width and height of the viewport in CSS pixels. */
  resize(width: number, height: number): Promise<void>;
  /** Lets the person prefer dark colours, or light ones (Chromium only). */
  dark(on: boolean): Promise<void>;
  /** Writes NN-name.png into the story's artifacts and returns its path. */
  screenshot(name: string): Promise<string>;
  /** What the page wrote to its console so far (the last 500 lines), with uncaught errors. */
  readonly console: readonly string[];
  /** What crossed the network in messages since the page was opened; empty unless the browser was opened with `wire`. */
  readonly wire: readonly WireFrame[];
  /** Takes the network away or gives it back (Chromium only; existing WebRTC connections are not touched). */
  offline(off: boolean): Promise<void>;
  close(): Promise<void>;
}

/** A browser process of its own, with a profile of its own. */
export interface Browser {
  readonly kind: "chromium" | "firefox";
  readonly who: string;
  /** Opens a tab. */
  page(): Promise<Page>;
  /** The tab that a page opens by itself while `act` runs (Chromium only). */
  opened(act: () => Promise<unknown>): Promise<Page>;
  /** The tab that comes when a person doubles that one (Chromium only, opened with `doubles`). */
  doubled(page: Page): Promise<Page>;
  /** Closes the process, writes consoles into the artifacts and removes the profile. Safe to call twice. */
  close(): Promise<void>;
}

/** How to start a browser. */
export interface BrowserOptions {
  /** "chromium" when left out. */
  readonly kind?: "chromium" | "firefox";
  /** Who sits before it; names its artifacts. */
  readonly who: string;
  readonly artifacts: ArtifactSink;
  /** Storage in third-party frames: refused (default, as browsers ship) or allowed. Chromium only. */
  readonly thirdPartyStorage?: "refused" | "allowed";
  /** Files played as camera (y4m) and microphone (wav); with either, permission is given without asking. Chromium only. */
  readonly camera?: string;
  readonly microphone?: string;
  /** No devices at all and permission denied, to see how a refusal is told. */
  readonly refuseMedia?: boolean;
  /** Takes WebRTC away, as a policy or an extension does. Chromium only. */
  readonly noWebRTC?: boolean;
  /** Keep what crosses WebSockets and DataChannels in `Page.wire`. Chromium only. */
  readonly wire?: boolean;
  /**
   * Puts pages that are left aside, to show them again as they were when somebody goes back, as browsers do; else a page that
   * is left is gone. See `Page.anew` for the frames of a page that came back. Chromium only.
   */
  readonly putAside?: boolean;
  /** Lets tabs be doubled, as by a tab's menu. Chromium only. */
  readonly doubles?: boolean;
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  readonly args?: readonly string[];
}

/** Where screenshots and logs of one story go. */
export interface ArtifactSink {
  /** A path for the next numbered file. */
  next(name: string): string;
  /** A path for a file without a number. */
  path(name: string): string;
}
