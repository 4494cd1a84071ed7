import puppeteer, { type Browser as EngineBrowser, type ElementHandle, type Frame as EngineFrame, type KeyInput, type Page as EnginePage } from "puppeteer-core";

import { Diary, failure } from "./diary.ts";
import { findBrowser } from "./find-browser.ts";
import { FirefoxHeld } from "./firefox-held.ts";
import { rolesSource } from "./roles.ts";
import { Document, type Held, type Lens } from "./surface.ts";
import { atMost } from "./until.ts";
import type { Browser, BrowserOptions, Frame, Name, Page, Step, WireFrame } from "./types.ts";

/** Starts Firefox as a process of its own with a fresh profile, driven by WebDriver BiDi. Camera files and `wire` are not for it. */
export async function openFirefox(options: BrowserOptions): Promise<Browser> {
  if (options.wire === true || options.camera !== undefined || options.microphone !== undefined) {
    throw new Error("camera and microphone files and `wire` work in Chromium only");
  }
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: findBrowser("firefox"),
    headless: true,
    args: [...(options.args ?? [])],
    extraPrefsFirefox: { "ui.systemUsesDarkTheme": options.dark === true ? 1 : 0, "media.peerconnection.ice.obfuscate_host_addresses": false },
    defaultViewport: { width: options.width ?? 1280, height: options.height ?? 800 },
  });
  return new FirefoxBrowser(browser, options);
}

class FirefoxBrowser implements Browser {
  readonly kind = "firefox";
  readonly who: string;
  readonly #browser: EngineBrowser;
  readonly #options: BrowserOptions;
  readonly #pages: FirefoxPage[] = [];
  #closed = false;

  constructor(browser: EngineBrowser, options: BrowserOptions) {
    this.#browser = browser;
    this.#options = options;
    this.who = options.who;
  }

  async page(): Promise<Page> {
    const page = new FirefoxPage(await this.#browser.newPage(), this.#options, `${this.who}-${this.#pages.length + 1}`);
    this.#pages.push(page);
    return page;
  }

  opened(): Promise<Page> {
    return Promise.reject(new Error("taking a tab that a page opens works in Chromium only"));
  }

  doubled(): Promise<Page> {
    return Promise.reject(new Error("doubling a tab works in Chromium only"));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const page of this.#pages) page.diary.write(this.#options.artifacts, page.label);
    await atMost(this.#browser.close(), 10_000).catch(() => this.#browser.process()?.kill("SIGKILL"));
  }
}

class FirefoxPage extends Document implements Page {
  readonly diary = new Diary();
  readonly wire: readonly WireFrame[] = [];
  readonly label: string;
  readonly #page: EnginePage;
  readonly #options: BrowserOptions;

  constructor(page: EnginePage, options: BrowserOptions, label: string) {
    super(new FirefoxLens(page, () => page.mainFrame(), () => this.#report()));
    this.#page = page;
    this.#options = options;
    this.label = label;
    page.on("console", (message) => { this.diary.note(`${message.type()}: ${message.text()}`); });
    page.on("pageerror", (error) => { this.diary.note(`uncaught: ${error instanceof Error ? error.message : String(error)}`); });
  }

  get console(): readonly string[] {
    return this.diary.lines;
  }

  async open(url: string): Promise<void> {
    await this.#page.goto(url, { waitUntil: "load", timeout: 20_000 });
  }

  anew(): Promise<void> {
    return Promise.resolve(); // keeps no page that is left
  }

  async front(): Promise<void> {
    await this.#page.bringToFront();
  }

  async reload(): Promise<void> {
    await this.#page.reload({ waitUntil: "load", timeout: 20_000 });
  }

  frame(address: string | RegExp): Frame {
    const find = (): EngineFrame => {
      const frame = this.#page.frames().find((one) => (typeof address === "string" ? one.url().includes(address) : address.test(one.url())));
      if (frame === undefined) throw new Error(`no such frame: ${address}; there are ${this.frames().join(", ")}`);
      return frame;
    };
    return new Document(new FirefoxLens(this.#page, find, () => this.#report()));
  }

  frames(): string[] {
    return this.#page.frames().map((frame) => frame.url());
  }

  async press(key: string): Promise<void> {
    await this.#page.keyboard.press(key as KeyInput); // a list of names; an unknown one is refused when pressed
  }

  async focused(): Promise<string> {
    for (const frame of this.#page.frames()) {
      const has: unknown = await frame.evaluate(`(() => { ${rolesSource}; return document.hasFocus() ? focusedHere() : ""; })()`).catch(() => ""); // a frame that went meanwhile has no focus
      if (typeof has === "string" && has !== "" && has !== "frame") return has;
    }
    return "";
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#page.setViewport({ width, height });
  }

  dark(): Promise<void> {
    return Promise.reject(new Error("changing colours works in Chromium only; open the browser with `dark`"));
  }

  async screenshot(name: string): Promise<string> {
    const path = this.#options.artifacts.next(`${name}.png`);
    await this.#page.screenshot({ path: path });
    return path;
  }

  offline(): Promise<void> {
    return Promise.reject(new Error("taking the network away works in Chromium only"));
  }

  async close(): Promise<void> {
    await this.#page.close();
  }

  #report(): Promise<string> {
    const documents = this.#page.frames().map((frame) => ({
      url: frame.url(),
      outline: () => frame.evaluate(`(() => { ${rolesSource}; return outline(); })()`).then(String),
    }));
    return failure(documents, this.diary, () => this.screenshot(`failed-${this.label}`));
  }
}

/** One document, looked up anew at each use; elements are found by our own reading of roles and names. */
class FirefoxLens implements Lens {
  readonly #page: EnginePage;
  readonly #frame: () => EngineFrame;
  readonly report: () => Promise<string>;

  constructor(page: EnginePage, frame: () => EngineFrame, report: () => Promise<string>) {
    this.#page = page;
    this.#frame = frame;
    this.report = report;
  }

  url(): string {
    return this.#frame().url();
  }

  async count(steps: readonly Step[]): Promise<number> {
    return Number(await this.#frame().evaluate(`(() => { ${rolesSource}; return findAll(${travelling(steps)}).length; })()`));
  }

  async find(steps: readonly Step[]): Promise<Held | number> {
    const found = await this.#frame().evaluateHandle(`(() => { ${rolesSource}; const all = findAll(${travelling(steps)}); return all.length === 1 ? all[0] : all.length; })()`);
    const one = found.asElement();
    if (one !== null) return new FirefoxHeld(one as ElementHandle, this.#page); // findAll gives elements alone
    return Number(await found.jsonValue());
  }

  evaluate<A, R>(fn: (arg: A) => R | Promise<R>, arg: A): Promise<R> {
    // Puppeteer unwraps handles in arguments and answers; ours are plain JSON, for which the types agree.
    return this.#frame().evaluate(fn as (arg: unknown) => R | Promise<R>, arg);
  }

  html(): Promise<string> {
    return this.#frame().evaluate(`(() => { ${rolesSource}; return deepHtml(); })()`).then(String);
  }

  inner(n: number): Lens {
    const child = (): EngineFrame => {
      const frame = this.#frame().childFrames()[n];
      if (frame === undefined) throw new Error(`no frame number ${n} inside ${this.url()}`);
      return frame;
    };
    return new FirefoxLens(this.#page, child, this.report);
  }
}

/** The steps as source of an expression. */
function travelling(steps: readonly Step[]): string {
  return JSON.stringify(steps.map((step) => (step.by === "text" ? { by: "text", name: sent(step.text) } : { by: "role", role: step.role, name: sent(step.name) })));
}

function sent(name: Name | undefined): string | [string, string] | undefined {
  return name instanceof RegExp ? [name.source, name.flags] : name;
}
