import { findings } from "./axe.ts";
import type { Frame, Page } from "./driver/index.ts";

/** Every way in which a screen is looked at: width, height, colours. */
const looks = [
  { name: "light", width: 1280, height: 800, dark: false },
  { name: "dark", width: 1280, height: 800, dark: true },
  { name: "phone-light", width: 390, height: 844, dark: false },
  { name: "phone-dark", width: 390, height: 844, dark: true },
] as const;

/** The narrowest window that all has to fit into: one of 1280 at four times its size (SITE-7). */
const narrowest = { width: 320, height: 640 } as const;

/** Collects what is wrong on screens instead of stopping at the first, so that one run shows all of it. */
export class Inspection {
  readonly wrong: string[] = [];
  screens = 0;

  /** One screen in all four looks, each after `before`; the page is left wide and light. */
  async look(name: string, page: Page, frames: readonly Frame[], before: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    for (const { name: way, width, height, dark } of looks) {
      await before();
      await page.resize(width, height);
      await page.dark(dark);
      for (const frame of frames) await this.#inspect(`${name}, ${way}`, frame);
      await page.screenshot(`${name}-${way}`);
      this.screens += 1;
    }
    await page.resize(narrowest.width, narrowest.height);
    for (const frame of frames) await this.#fits(`${name}, narrowest`, frame);
    const [first] = looks;
    await page.resize(first.width, first.height);
    await page.dark(first.dark);
  }

  async #inspect(where: string, frame: Frame): Promise<void> {
    // What fades is not judged half-way. What shrinks (the time left of an offer) or turns for ever is as it always is.
    await frame.until("nothing fades in or out any more", () => document.getAnimations().every((one) => one.playState !== "running" || one.effect?.getComputedTiming().iterations === Infinity || (one instanceof CSSTransition && one.transitionProperty === "transform")), undefined);
    for (const one of await findings(frame)) this.wrong.push(`${where}: ${one.rule}: ${one.help.replace(/\s+/g, " ")}\n    ${one.target} ${one.html}`);
    await this.#fits(where, frame);
  }

  async #fits(where: string, frame: Frame): Promise<void> {
    const wider = (): number => document.documentElement.scrollWidth - document.documentElement.clientWidth;
    // What fits itself to the window does so a moment after it has changed.
    await frame.until("nothing is wider than its window", () => document.documentElement.scrollWidth <= document.documentElement.clientWidth, undefined, { within: 3_000 }).catch(() => undefined);
    const still = await frame.evaluate(wider);
    if (still > 0) this.wrong.push(`${where}: ${frame.url()} is ${still} px wider than its window`);
  }

  /** The same screen as readers from right to left get it. */
  async mirrored(name: string, page: Page, frame: Frame): Promise<void> {
    await frame.evaluate(() => { document.documentElement.dir = "rtl"; });
    await this.#inspect(`${name}, from right to left`, frame);
    await page.screenshot(`${name}-rtl`);
    await frame.evaluate(() => { document.documentElement.dir = "ltr"; });
  }
}
