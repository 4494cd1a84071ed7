import { setTimeout as pause } from "node:timers/promises";

import type { ElementHandle, Frame as EngineFrame, JSHandle, KeyInput, Page as EnginePage } from "puppeteer-core";

import { aimAt, type Aim, type Verdict, type Watch, watchFor } from "./aim.ts";
import { Untouched, type Held } from "./surface.ts";

/** How long an act may take to reach its element after Firefox has said that it is done, in milliseconds. */
const late = 1_000;

/** How long to wait before an element is looked at again, in milliseconds. */
const beat = 40;

/**
 * One element in Firefox. Puppeteer clicks at a point and types at the focus, whatever is there; here an act waits
 * until the element stands still, can be used and is not covered, and the element must have received it. An act that
 * went elsewhere is kept from what it met in the element's document and done again; one that arrived never is.
 */
export class FirefoxHeld implements Held {
  readonly #one: ElementHandle;
  readonly #page: EnginePage;

  constructor(one: ElementHandle, page: EnginePage) {
    this.#one = one;
    this.#page = page;
  }

  async click(withinMs: number): Promise<void> {
    await this.#again(withinMs, async () => {
      const aim = await this.#aim();
      if ("fault" in aim) return aim.fault;
      return this.#received(["pointerdown", "mousedown", "pointerup", "mouseup", "click"], () => this.#page.mouse.click(aim.x, aim.y));
    });
  }

  async type(text: string, withinMs: number): Promise<void> {
    await this.#again(withinMs, async () => {
      const fault = await this.#focus(true);
      if (fault !== "") return fault;
      if (await this.#text()) await this.#page.keyboard.press("Backspace");
      await this.#page.keyboard.type(text);
      const typed = await this.#text();
      return typed === undefined || typed === text ? "" : `it holds ${JSON.stringify(typed)} after ${JSON.stringify(text)} was typed`;
    });
  }

  async press(key: string, withinMs: number): Promise<void> {
    await this.#again(withinMs, async () => {
      const fault = await this.#focus(false);
      if (fault !== "") return fault;
      return this.#received(["keydown"], () => this.#page.keyboard.press(key as KeyInput)); // a list of names; an unknown one is refused when pressed
    });
  }

  text(): Promise<string> {
    return this.#read(this.#one.evaluate((element) => (element instanceof HTMLElement ? element.innerText : (element.textContent ?? ""))));
  }

  value(): Promise<string> {
    return this.#read(this.#one.evaluate((element) => (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement ? element.value : "")));
  }

  enabled(): Promise<boolean> {
    return this.#read(this.#one.evaluate((element) => !element.matches(":disabled") && element.getAttribute("aria-disabled") !== "true"));
  }

  async release(): Promise<void> {
    await this.#one.dispose().catch(() => undefined); // its document may be gone, and the handle with it
  }

  /** Tries until there is no fault; a try with a fault had no effect. The last fault is the error when time is up. */
  async #again(withinMs: number, attempt: () => Promise<string>): Promise<void> {
    const end = performance.now() + withinMs;
    for (;;) {
      const fault = await this.#read(attempt());
      if (fault === "") return;
      if (performance.now() >= end) throw new Error(fault);
      await pause(beat);
    }
  }

  /** The answer; an error that says no more than that the document went away says that nothing was done in it. */
  #read<T>(answer: Promise<T>): Promise<T> {
    return answer.catch((error: unknown) => {
      throw gone(error) ? new Untouched("its document went away") : error;
    });
  }

  /** Where in the page the mouse would meet the element, through all frames around it. */
  async #aim(): Promise<Aim> {
    let aim = await this.#one.evaluate(aimAt, undefined);
    let frame: EngineFrame | null = this.#one.frame;
    while (!("fault" in aim) && frame.parentFrame() !== null) {
      const around: ElementHandle | null = await frame.frameElement();
      if (around === null) throw new Untouched("its frame is detached from document");
      try {
        aim = await around.evaluate(aimAt, { x: aim.x, y: aim.y });
      } finally {
        await around.dispose().catch(() => undefined);
      }
      frame = frame.parentFrame();
      if (frame === null) break;
    }
    if ("fault" in aim && aim.fault.includes("detached")) throw new Untouched(aim.fault);
    return aim;
  }

  /** Does it, and says what was wrong when the element did not receive the last of the events. */
  async #received(events: readonly string[], act: () => Promise<void>): Promise<string> {
    const watch: JSHandle<Watch> = await this.#one.evaluateHandle(watchFor, [...events]);
    let verdict: Verdict;
    try {
      await act();
      verdict = await watch.evaluate((one, ms) => one.verdict(ms), late);
    } catch (error) {
      if (gone(error)) return ""; // the document went away by what was done in it
      throw error;
    } finally {
      await watch.dispose().catch(() => undefined);
    }
    if (verdict.arrived) return "";
    if (verdict.detached) throw new Untouched(`the ${verdict.what} did not reach it before it was detached from document`);
    return `the ${verdict.what} met ${verdict.met === "" ? "something outside its document" : verdict.met}`;
  }

  /** Gives it the focus, with all its text selected if asked; says what was wrong when it is not there afterwards. */
  async #focus(select: boolean): Promise<string> {
    const fault = await this.#one.evaluate((element, all) => {
      if (!element.isConnected) return "it is detached from document";
      if (element.matches(":disabled")) return "it is disabled";
      if (element instanceof HTMLElement) element.focus();
      if (all && (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)) element.select();
      const root = element.getRootNode();
      const active = root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
      return active !== null && element.contains(active) && document.hasFocus() ? "" : "it did not take the focus";
    }, select);
    if (fault.includes("detached")) throw new Untouched(fault);
    return fault;
  }

  /** What it holds; undefined for what is no text box. */
  #text(): Promise<string | undefined> {
    return this.#one.evaluate((element) => {
      if (!element.isConnected) throw new Error("it is detached from document");
      return element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element.value : undefined;
    });
  }
}

/** Whether an error says that the document is no longer there. */
function gone(error: unknown): boolean {
  return error instanceof Error && !(error instanceof Untouched) && /no such (frame|node|handle|browsing)|destroyed|discarded|detached|navigat|context.*(found|closed)|realm/i.test(error.message);
}
