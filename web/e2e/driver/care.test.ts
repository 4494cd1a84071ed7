import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { Artifacts, openBrowser, type Browser, type Page } from "./index.ts";
import { TestSite } from "./test-site.ts";

/** Counts what each element of the document receives, as a person's click or key would reach it. */
const counts = `<script>
const counts = {};
addEventListener("click", (event) => { const at = event.composedPath()[0]; const id = at.id || at.localName || "document"; counts[id] = (counts[id] ?? 0) + 1; });
</script>`;

const style = `<style>body { margin: 0; height: 700px } button { position: absolute; top: 100px; left: 100px; width: 120px; height: 30px }
#under { top: 100px; left: 100px } #shade { position: fixed; inset: 0; background: #8888 }</style>`;

/** In another place at each frame, for 1.2 s from when it is told to go. */
const moving = `${style}<button id=target>Press</button>${counts}<script>
const until = performance.now() + 1200;
let n = 0;
const move = () => { n += 1; target.style.left = (n * 97) % 900 + "px"; target.style.top = 40 + (n * 61) % 500 + "px"; if (performance.now() < until) requestAnimationFrame(move); };
move();
</script>`;

const covered = `${style}<button id=target>Press</button><div id=shade></div>${counts}<script>setTimeout(() => { shade.remove(); }, 1200);</script>`;

/** Jumps away from under the mouse, the first time; another button stands below it. */
const shy = `${style}<button id=under>Below</button><button id=target>Press</button>${counts}<script>
target.addEventListener("mouseover", () => { target.style.left = "500px"; }, { once: true });
</script>`;

/** Another button of the same name stands in its place once the mouse comes. */
const replaced = `${style}<button id=old>Press</button>${counts}<script>
old.addEventListener("mouseover", () => { const other = document.createElement("button"); other.id = "target"; other.textContent = "Press"; old.replaceWith(other); }, { once: true });
</script>`;

const leaving = `${style}<button id=target onclick="location.href = '/left?' + ++window.n">Press</button><script>window.n = 0;</script>`;
const vanishing = `${style}<button id=target onclick="this.remove()">Press</button>${counts}`;

/** Takes the focus away, or puts another box in the place, while the third letter is typed: once. */
const disturbed = `<label>Elsewhere <input id=other></label><label>Message <input id=box></label><script>
let calm = false;
box.addEventListener("input", () => { if (!calm && box.value.length === 3) { calm = true; other.focus(); } });
</script>`;
const swapped = `<label id=around>Message <input id=box></label><script>
box.addEventListener("input", () => { if (box.value.length === 3) { const fresh = document.createElement("input"); box.replaceWith(fresh); } });
</script>`;

const framed = `${style}<iframe src="%OTHER%/moving" width=1000 height=600 style="border: 3px solid; padding: 5px"></iframe><div id=shade></div>${counts}
<script>setTimeout(() => { shade.remove(); }, 2000);</script>`;

let site: TestSite;
beforeAll(async () => {
  const pages = { moving, covered, shy, replaced, leaving, vanishing, disturbed, swapped, framed, left: "<p>Left</p>" };
  site = await TestSite.open(Object.fromEntries(Object.entries(pages).map(([name, page]) => [`/${name}`, `<!doctype html><title>${name}</title>${page}`])));
});
afterAll(() => site.close());

const clicks = (page: Pick<Page, "evaluate">): Promise<Record<string, number>> => page.evaluate(() => (0, eval)("counts") as Record<string, number>);

describe.each(["chromium", "firefox"] as const)("%s acts with care", (kind) => {
  const artifacts = new Artifacts(`driver-care-${kind}`);
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await openBrowser({ kind, who: "tester", artifacts });
    page = await browser.page();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    await page.open("about:blank");
  });

  it.each(["moving", "covered", "shy", "replaced", "vanishing"])("clicks the element once and nothing else: %s", async (name) => {
    await page.open(`${site.shop}/${name}`);
    await page.click("button", "Press");
    expect(await clicks(page)).toEqual({ target: 1 });
  });

  it("does not click again what made the page go away", async () => {
    await page.open(`${site.shop}/leaving`);
    await page.click("button", "Press");
    await page.seeText("Left");
    expect(page.url()).toBe(`${site.shop}/left?1`);
  });

  it("looks at what lies over a frame, and at what moves in it", async () => {
    await page.open(`${site.shop}/framed`);
    const frame = page.frame(`${site.other}/moving`);
    await frame.click("button", "Press");
    expect(await clicks(frame)).toEqual({ target: 1 });
    expect(await clicks(page)).toEqual({});
  });

  it.each(["disturbed", "swapped"])("has typed all of it into the one box: %s", async (name) => {
    await page.open(`${site.shop}/${name}`);
    await page.type("textbox", "Message", "some words");
    expect(await page.value("textbox", "Message")).toBe("some words");
  });
});
