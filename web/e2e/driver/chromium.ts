import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium, type Browser as Engine, type BrowserContext, type Frame as EngineFrame, type Locator, type Page as EnginePage } from "playwright-core";

import { Diary, failure } from "./diary.ts";
import { findBrowser } from "./find-browser.ts";
import { rolesSource } from "./roles.ts";
import { spy, spyBinding } from "./spy.ts";
import { Document, type Held, type Lens } from "./surface.ts";
import { atMost } from "./until.ts";
import type { Browser, BrowserOptions, Frame, Name, Page, Step, WireFrame } from "./types.ts";

const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

type Role = Parameters<EngineFrame["getByRole"]>[0];

/** Starts Chromium as a process of its own with a fresh profile. */
export async function openChromium(options: BrowserOptions): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "parlour-chromium-"));
  const refused = (options.thirdPartyStorage ?? "refused") === "refused";
  mkdirSync(join(profile, "Default"));
  const media = options.refuseMedia === true ? { media_stream_camera: 2, media_stream_mic: 2 } : {};
  const settings = { block_third_party_cookies: refused, cookie_controls_mode: refused ? 1 : 0, default_content_setting_values: media };
  writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify({ profile: settings }));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findBrowser("chromium"),
    headless: true,
    chromiumSandbox: false,
    ignoreDefaultArgs: [...(options.putAside === true ? ["--disable-back-forward-cache"] : []), ...(options.doubles === true ? ["--disable-extensions"] : [])],
    args: [...flags, ...mediaFlags(options), ...(options.putAside === true ? ["--remote-debugging-port=0"] : []), ...(options.doubles === true ? [`--load-extension=${tabsExtension(profile)}`] : []), ...(options.args ?? [])],
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    colorScheme: options.dark === true ? "dark" : "light",
  });
  return new ChromiumBrowser(context, profile, options);
}

function mediaFlags(options: BrowserOptions): string[] {
  if (options.camera === undefined && options.microphone === undefined) return [];
  return [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    ...(options.camera === undefined ? [] : [`--use-file-for-fake-video-capture=${options.camera}`]),
    ...(options.microphone === undefined ? [] : [`--use-file-for-fake-audio-capture=${options.microphone}`]),
  ];
}

/** Writes an extension that may do what the menu of a tab does; no script of a page or of DevTools can. */
function tabsExtension(profile: string): string {
  const folder = join(profile, "tabs-extension");
  mkdirSync(folder);
  const manifest = { manifest_version: 3, name: "tabs", version: "1", permissions: ["tabs"], background: { service_worker: "worker.js" } };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "worker.js"), "addEventListener('install', () => {});");
  return folder;
}

class ChromiumBrowser implements Browser {
  readonly kind = "chromium";
  readonly who: string;
  readonly #context: BrowserContext;
  readonly #profile: string;
  readonly #options: BrowserOptions;
  readonly #pages: ChromiumPage[] = [];
  #again: Engine | undefined;
  #closed = false;

  constructor(context: BrowserContext, profile: string, options: BrowserOptions) {
    this.#context = context;
    this.#profile = profile;
    this.#options = options;
    this.who = options.who;
  }

  async page(): Promise<Page> {
    const blank = this.#pages.length === 0 ? this.#context.pages()[0] : undefined;
    return this.#take(blank ?? (await this.#context.newPage()));
  }

  async opened(act: () => Promise<unknown>): Promise<Page> {
    const [page] = await Promise.all([this.#context.waitForEvent("page", { timeout: 15_000 }), act()]);
    return this.#take(page);
  }

  /** The worker's own tabs are told apart by their address: of two with the same one the first is doubled. */
  async doubled(page: Page): Promise<Page> {
    const worker = this.#context.serviceWorkers()[0] ?? (await this.#context.waitForEvent("serviceworker", { timeout: 15_000 }));
    return this.opened(() => worker.evaluate(`(async (url) => {
      const [tab] = (await chrome.tabs.query({})).filter((one) => one.url === url);
      await chrome.tabs.duplicate(tab.id);
    })(${JSON.stringify(page.url())})`));
  }

  /** Looks at a tab anew, by a second connection to the browser, and so at all frames that it has now. */
  async #anew(tab: EnginePage): Promise<EnginePage> {
    const [port] = readFileSync(join(this.#profile, "DevToolsActivePort"), "utf8").split("\n");
    const before = this.#again;
    this.#again = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { timeout: 15_000 });
    const wanted = await targetOf(tab);
    for (const one of this.#again.contexts().flatMap((context) => context.pages())) {
      if ((await targetOf(one)) !== wanted) continue;
      await before?.close();
      return one;
    }
    throw new Error(`the browser has no tab of ${tab.url()} any more`);
  }

  async #take(tab: EnginePage): Promise<Page> {
    const page = new ChromiumPage(tab, this.#options, `${this.who}-${this.#pages.length + 1}`, () => this.#anew(tab));
    this.#pages.push(page);
    if (this.#options.wire === true) await page.listen();
    if (this.#options.noWebRTC === true) await tab.addInitScript("delete globalThis.RTCPeerConnection");
    return page;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const page of this.#pages) page.diary.write(this.#options.artifacts, page.label);
    await this.#again?.close().catch(() => undefined);
    await atMost(this.#context.close(), 10_000).catch(() => undefined); // a hung browser is ended with the test process
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

async function targetOf(tab: EnginePage): Promise<string> {
  const session = await tab.context().newCDPSession(tab);
  const { targetInfo } = await session.send("Target.getTargetInfo");
  await session.detach();
  return targetInfo.targetId;
}

class ChromiumPage extends Document implements Page {
  readonly diary = new Diary();
  readonly wire: WireFrame[] = [];
  readonly label: string;
  readonly #options: BrowserOptions;
  readonly #anew: () => Promise<EnginePage>;
  #page: EnginePage;

  constructor(page: EnginePage, options: BrowserOptions, label: string, anew: () => Promise<EnginePage>) {
    super(new ChromiumLens(() => this.#page.mainFrame(), () => this.#report()));
    this.#page = page;
    this.#options = options;
    this.#anew = anew;
    this.label = label;
    page.on("console", (message) => { this.diary.note(`${message.type()}: ${message.text()}`); });
    page.on("pageerror", (error) => { this.diary.note(`uncaught: ${error.message}`); });
    page.on("crash", () => { this.diary.note("the page crashed"); });
  }

  get console(): readonly string[] {
    return this.diary.lines;
  }

  async listen(): Promise<void> {
    await this.#page.exposeBinding(spyBinding, (_, frame: WireFrame) => { this.wire.push(frame); });
    await this.#page.addInitScript(spy, spyBinding);
  }

  async open(url: string): Promise<void> {
    await this.#page.goto(url, { waitUntil: "load", timeout: 20_000 });
  }

  async anew(): Promise<void> {
    this.#page = await this.#anew();
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
    return new Document(new ChromiumLens(find, () => this.#report()));
  }

  frames(): string[] {
    return this.#page.frames().map((frame) => frame.url());
  }

  async press(key: string): Promise<void> {
    await this.#page.keyboard.press(key);
  }

  async focused(): Promise<string> {
    for (const frame of this.#page.frames()) {
      const has = await frame.evaluate(`(() => { ${rolesSource}; return document.hasFocus() ? focusedHere() : ""; })()`).catch(() => ""); // a frame that went meanwhile has no focus
      if (typeof has === "string" && has !== "" && has !== "frame") return has;
    }
    return "";
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#page.setViewportSize({ width, height });
  }

  async dark(on: boolean): Promise<void> {
    await this.#page.emulateMedia({ colorScheme: on ? "dark" : "light" });
  }

  async screenshot(name: string): Promise<string> {
    const path = this.#options.artifacts.next(`${name}.png`);
    await this.#page.screenshot({ path, timeout: 10_000 });
    return path;
  }

  async offline(off: boolean): Promise<void> {
    await this.#page.context().setOffline(off);
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

/** One document, looked up anew at each use. */
class ChromiumLens implements Lens {
  readonly #frame: () => EngineFrame;
  readonly report: () => Promise<string>;

  constructor(frame: () => EngineFrame, report: () => Promise<string>) {
    this.#frame = frame;
    this.report = report;
  }

  url(): string {
    return this.#frame().url();
  }

  count(steps: readonly Step[]): Promise<number> {
    return this.#located(steps).count();
  }

  async find(steps: readonly Step[]): Promise<Held | number> {
    const found = this.#located(steps);
    const count = await found.count();
    return count === 1 ? new ChromiumHeld(found.first()) : count;
  }

  evaluate<A, R>(fn: (arg: A) => R | Promise<R>, arg: A): Promise<R> {
    // Playwright unwraps handles in arguments and answers; ours are plain JSON, for which the types agree.
    return this.#frame().evaluate(fn as (arg: unknown) => R | Promise<R>, arg as unknown);
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
    return new ChromiumLens(child, this.report);
  }

  #located(steps: readonly Step[]): Locator {
    const [first, ...inner] = steps;
    if (first === undefined) throw new Error("nothing to look for");
    let found = locate(this.#frame(), first).filter({ visible: true });
    for (const step of inner) found = locate(found, step).filter({ visible: true });
    return found;
  }
}

function locate(at: EngineFrame | Locator, step: Step): Locator {
  if (step.by === "text") return at.getByText(step.text, exact(step.text));
  const role = step.role as Role; // ARIA's list; an unknown role finds nothing
  return step.name === undefined ? at.getByRole(role) : at.getByRole(role, { name: step.name, ...exact(step.name) });
}

function exact(name: Name): { exact?: true } {
  return typeof name === "string" ? { exact: true } : {};
}

class ChromiumHeld implements Held {
  readonly #one: Locator;

  constructor(one: Locator) {
    this.#one = one;
  }

  click(timeout: number): Promise<void> {
    return this.#one.click({ timeout });
  }

  async type(text: string, timeout: number): Promise<void> {
    const end = performance.now() + timeout;
    for (;;) {
      const left = Math.max(1, end - performance.now());
      await this.#one.fill("", { timeout: left });
      await this.#one.pressSequentially(text, { timeout: left });
      const typed = await this.#one.inputValue({ timeout: left });
      if (typed === text) return;
      // The element was another one by the last key, or the focus was taken from it in between.
      if (performance.now() >= end) throw new Error(`it holds ${JSON.stringify(typed)} after ${JSON.stringify(text)} was typed`);
    }
  }

  press(key: string, timeout: number): Promise<void> {
    return this.#one.press(key, { timeout });
  }

  text(): Promise<string> {
    return this.#one.innerText({ timeout: 2_000 });
  }

  value(): Promise<string> {
    return this.#one.inputValue({ timeout: 2_000 });
  }

  enabled(): Promise<boolean> {
    return this.#one.isEnabled({ timeout: 2_000 });
  }

  release(): Promise<void> {
    return Promise.resolve(); // a locator holds nothing
  }
}
