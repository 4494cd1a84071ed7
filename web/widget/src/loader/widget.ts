import type { FromPanel } from "../port.ts";
import { loaderStrings as words } from "../strings.ts";
import { whoOf } from "../who.ts";
import { bubble, isFree, make } from "./elements.ts";
import { PanelFrame } from "./frame.ts";
import { Keeper } from "./keeper.ts";
import { look } from "./look.ts";
import { Sharing } from "./sharing.ts";
import { shortCount, TitleCount } from "./title-count.ts";

/** What a page may ask of the widget, as `window.Parlour`. */
export interface PageApi {
  open(): void;
  close(): void;
  /** Says who the visitor is, by a token signed by the site's own backend. Who was named as somebody else before is logged out. */
  identify(token: string): void;
  /** The site's log-out: ends access to earlier conversations on this device. */
  reset(): void;
}

const [readyWait, answerWait] = [5_000, 10_000];
/** Between two tries to load the panel, milliseconds. */
const [firstTry, lastTry] = [1_000, 16_000];

/** The launcher and what hangs on it. One per page. */
export class Widget implements PageApi {
  readonly #origin: string;
  readonly #site: string;
  readonly #keeper: Keeper;
  readonly #host = make("div", { id: "parlour-widget" });
  readonly #root: ShadowRoot;
  readonly #box = make("div");
  readonly #launcher = make("button", { type: "button", class: "launch", "aria-expanded": "false", "aria-label": words.launcher });
  readonly #label = make("span", {}, words.launcher);
  readonly #lost = make("div", { class: "sorry", role: "alert" });
  readonly #said = make("div", { class: "said", role: "status" });
  #waiting: ReturnType<typeof setTimeout> | undefined;
  readonly #badge = make("span", { class: "badge", "aria-hidden": "true" });
  readonly #sharing: Sharing;
  readonly #title = new TitleCount();
  #frame: PanelFrame | undefined;
  #open = false;
  #focus = false;
  #identity: string | null = null;
  #ready = false;
  /** The last log-out that this page knows of. */
  #out: number;
  /** The number of the last `keep` of the panel that is there. */
  #keeps = 0;

  /** `color` is the launcher's until the panel tells the site's own. */
  constructor(origin: string, site: string, color: string) {
    this.#origin = origin;
    this.#site = site;
    this.#paint(color);
    this.#keeper = new Keeper(
      site,
      () => {
        this.#heedLogOut();
        this.#tellKept();
      },
      () => this.#back(),
    );
    this.#out = this.#keeper.memory.out;
    this.#root = this.#host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // a page's strict style-src does not concern constructed sheets
    sheet.replaceSync(look);
    this.#root.adoptedStyleSheets = [sheet];
    this.#badge.hidden = true;
    this.#launcher.append(bubble(), this.#label, this.#badge);
    this.#launcher.addEventListener("click", () => (this.#open ? this.close() : this.#show(true, true)));
    this.#root.append(this.#box);
    const close = make("button", { type: "button" }, words.close);
    close.addEventListener("click", () => this.close());
    this.#lost.append(make("p", {}, words.unreachable), close);
    this.#lost.hidden = true;
    this.#box.append(this.#launcher, this.#lost, this.#said);
    this.#root.addEventListener("keydown", (e) => e instanceof KeyboardEvent && e.key === "Escape" && this.#open && this.close());
    this.#sharing = new Sharing(this.#box, {
      origin,
      own: "#parlour-widget",
      packet: (data) => this.#frame?.send({ kind: "packet", data }, [data]),
      stop: (cobrowse) => this.#frame?.send({ kind: "cobrowse-stop", cobrowse }),
      failed: (cobrowse) => this.#frame?.send({ kind: "cobrowse-failed", cobrowse }),
    });
    this.#stay();
    const { alive, open, forget } = this.#keeper.memory;
    if (alive || forget) this.#show(alive && open, false);
  }

  open(): void {
    this.#show(true, this.#hasKeyboard() || isFree(document.activeElement));
  }

  close(): void {
    if (!this.#open) return;
    this.#show(false, true);
    if (!this.#lost.hidden) {
      this.#giveUp();
      if (this.#keeper.memory.alive) this.#show(false, false); // what runs goes on being tried for
    }
    this.#launcher.focus();
  }

  identify(token: string): void {
    this.#heedLogOut(); // one that comes later takes the identity of before it, not this one
    this.#identity = token;
    if (this.#isSomebodyElse()) {
      this.#logOut();
      this.#identity = token;
    }
    const { used, who } = this.#keeper.memory;
    if (used && who === null) this.#keeper.change({ who: whoOf(token) ?? null }); // who began unnamed is that person from now on
    this.#frame?.send({ kind: "identify", identity: token });
  }

  reset(): void {
    this.#logOut();
  }

  /**
   * What the panel keeps for itself only the panel can forget: it is loaded for that where there was a conversation, on this
   * page, or on the next ones until it has said that it did.
   */
  #logOut(): void {
    const forget = this.#keeper.memory.used || this.#keeper.memory.forget || this.#frame !== undefined;
    this.#keeper.logOut(forget);
    this.#heedLogOut(true);
    if (forget && !this.#frame) this.#show(false, false);
  }

  /** The site has logged out, on this page or another: whom it named before is not here any more. */
  #heedLogOut(here = false): void {
    const { out } = this.#keeper.memory;
    if (out <= this.#out) return;
    this.#out = out;
    this.#identity = null;
    if (this.#ready) this.#frame?.send({ kind: "reset", out, ...(here ? { here } : {}) });
  }

  #isSomebodyElse(): boolean {
    const there = this.#keeper.memory.who;
    const who = this.#identity === null ? undefined : whoOf(this.#identity);
    return there !== null && who !== undefined && who !== there;
  }

  /** Comes back by itself where the site's own router puts another body, or other children, in place of those there were. */
  #stay(): void {
    let body: HTMLElement | null = null;
    const watch = new MutationObserver(() => look());
    const look = (): void => {
      if (!this.#host.isConnected) document.body?.append(this.#host);
      if (document.body === body) return;
      body = document.body;
      watch.disconnect();
      watch.observe(document.documentElement, { childList: true });
      if (body) watch.observe(body, { childList: true });
    };
    look();
  }

  /** The browser shows this page again as it was put aside, after other pages of this tab: all goes on here. */
  #back(): void {
    this.#heedLogOut();
    this.#frame?.send({ kind: "own", ids: this.#keeper.own });
    this.#tellKept();
    const { alive, open } = this.#keeper.memory;
    if (alive && !this.#frame) this.#show(open, false);
  }

  #tellKept(): void {
    this.#frame?.send({ kind: "kept", kept: this.#keeper.memory.kept, n: this.#keeps });
  }

  /** A question shows the panel. What is typed was meant for the page, and must not answer it: the keyboard stays, and the question is said. */
  #ask(): void {
    if (this.#open) return;
    this.#show(true, this.#hasKeyboard());
    this.#said.textContent = words.question;
  }

  #hasKeyboard(): boolean {
    return document.activeElement === this.#host;
  }

  #show(open: boolean, focus: boolean): void {
    this.#open = open;
    this.#said.textContent = "";
    if (open && this.#frame?.element.classList.contains("lost")) this.#giveUp();
    this.#frame ??= this.#load(firstTry);
    const { element } = this.#frame;
    element.classList.toggle("away", !open);
    element.inert = !open;
    this.#box.classList.toggle("open", open);
    this.#launcher.setAttribute("aria-expanded", String(open));
    if (this.#keeper.memory.alive) this.#keeper.change({ open });
    this.#focus = open && focus;
    this.#frame.send({ kind: "shown", open, focus: this.#focus });
    if (this.#focus) element.focus();
    this.#focus &&= !this.#ready; // one that is loaded again by itself takes nothing
  }

  #load(wait: number): PanelFrame {
    const address = `${this.#origin}/w/${encodeURIComponent(this.#site)}/panel`;
    const frame: PanelFrame = new PanelFrame(address, words.panelTitle, (message) => {
      if (this.#frame === frame) this.#hear(message); // not one that was given up
    });
    this.#box.append(frame.element);
    this.#waiting = setTimeout(() => void this.#missed(frame, address, wait), readyWait);
    return frame;
  }

  /**
   * The panel has not spoken in time: its document was refused to this page, or could not be had. A server that is not reached
   * is tried again by itself, one that answers four times more: it may be coming back behind another. So does the next opening; a
   * panel that is only late takes the sign away. The console tells which it was, as far as a page may learn it.
   */
  async #missed(frame: PanelFrame, address: string, wait: number): Promise<void> {
    if (this.#open && this.#lost.hidden) {
      this.#lost.hidden = false;
      if (this.#hasKeyboard()) this.#lost.querySelector("button")?.focus(); // not out of a field of the page
    }
    frame.element.classList.add("lost");
    const answers = await fetch(address, { mode: "no-cors", signal: AbortSignal.timeout(answerWait) }).then(() => true, () => false);
    console.warn(answers ? "parlour: origin_refused" : "parlour: unreachable");
    if (this.#frame !== frame || this.#ready || (answers && wait >= lastTry)) return;
    this.#waiting = setTimeout(() => this.#again(frame, Math.min(2 * wait, lastTry)), wait * (1 + Math.random() / 2));
  }

  /** Another frame, for the same one would add to the page's history. */
  #again(lost: PanelFrame, wait: number): void {
    if (this.#frame !== lost || this.#ready) return;
    const next = this.#load(wait);
    next.element.className = lost.element.className;
    next.element.inert = lost.element.inert;
    lost.element.remove();
    this.#frame = next;
  }

  #giveUp(): void {
    clearTimeout(this.#waiting);
    this.#lost.hidden = true;
    this.#frame?.element.remove();
    this.#frame = undefined;
    this.#ready = false;
  }

  /** A live microphone is never without a sign, also while the panel is closed. */
  #showCall(live: boolean): void {
    this.#launcher.classList.toggle("live", live);
    this.#label.textContent = live ? words.inCall : words.launcher;
    this.#launcher.setAttribute("aria-label", this.#label.textContent);
  }

  #paint(color: string): void {
    if (/^#[0-9a-f]{6}$/i.test(color)) this.#host.style.setProperty("--accent", color);
  }

  #hear(message: FromPanel): void {
    switch (message.kind) {
      case "ready":
        clearTimeout(this.#waiting);
        this.#lost.hidden = true;
        this.#frame?.element.classList.remove("lost");
        this.#focus &&= this.#hasKeyboard() || isFree(document.activeElement);
        this.#showCall(false);
        if (this.#focus) this.#frame?.element.focus();
        this.#heedLogOut();
        this.#frame?.send({ kind: "begin", open: this.#open, focus: this.#focus, kept: this.#keeper.memory.kept, own: this.#keeper.own, identity: this.#identity, who: this.#keeper.memory.who, out: this.#out });
        this.#focus = false;
        this.#ready = true;
        this.#keeps = 0;
        return;
      case "forgotten":
        return this.#keeper.memory.forget && message.out >= this.#keeper.memory.out ? this.#keeper.change({ forget: false }) : undefined;
      case "keep":
        this.#keeps = message.n ?? 0;
        return this.#keeper.memory.kept === message.was ? this.#keeper.change({ kept: message.value }) : this.#tellKept();
      case "alive":
        if (message.made && message.made < this.#keeper.memory.out) return; // said of who is logged out, before the panel heard of that
        this.#heedLogOut();
        if (!message.alive && this.#keeper.own.length > 0) this.#keeper.keepOwn([]);
        this.#keeper.change({ alive: message.alive, who: message.who, made: Math.max(message.made ?? 0, this.#keeper.memory.made), ...(message.alive ? { used: true, ...(this.#open ? { open: true } : {}) } : { open: false }) }); // a tab that has it closed leaves it open for the other
        if (this.#identity !== null && this.#isSomebodyElse()) this.identify(this.#identity); // named while the visitor was being made
        return;
      case "own":
        return this.#keeper.keepOwn(message.ids);
      case "call":
        return this.#showCall(message.live);
      case "unread":
        this.#badge.hidden = message.count === 0;
        this.#badge.textContent = shortCount(message.count);
        this.#title.show(message.count);
        this.#launcher.setAttribute("aria-description", message.count === 0 ? "" : words.unread(message.count));
        return;
      case "close":
        return this.close();
      case "open":
        return this.#ask();
      case "look":
        return this.#paint(message.color);
      case "cobrowse":
        return this.#sharing.run(message);
      case "cobrowse-snapshot":
        return this.#sharing.snapshot();
      case "cobrowse-end":
        return this.#sharing.end();
      default:
        message satisfies never;
    }
  }
}
