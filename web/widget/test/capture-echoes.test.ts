import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { Typed, type FieldElement } from "../src/capture/typed.ts";
import { Words, type Word } from "../src/capture/words.ts";
import { handed, packets, recordInChromium, recording, texts, whole } from "./recording.ts";

recordInChromium();

/** A page that tells what stands in its field in a text, an `alt` and two labels, so many milliseconds late. */
const late = (wait: number, field = `type="password"`): Promise<Page> =>
  recording(`<div id="around"><input id="field" ${field}></div><p id="shown">-</p><img id="picture"><button id="label">-</button><input type="button" id="press" value="-">`, `
    const by = (id) => document.getElementById(id);
    by("field").addEventListener("input", ({ target: { value } }) => setTimeout(() => {
      by("shown").textContent = "It reads " + value;
      by("picture").alt = "Picture of " + value;
      by("label").firstChild.data = "Go on with " + value;
      by("press").setAttribute("value", "Press for " + value);
    }, ${wait}));`);

const settled = (page: Page, shown: string): Promise<unknown> => expect.poll(() => page.textContent("#shown")).toBe(shown);

/** All that was sent; none of the parts may stand in it. */
async function without(page: Page, ...parts: string[]): Promise<string> {
  const all = await packets(page);
  const json = whole(all);
  for (const part of parts) expect(json, part).not.toContain(part);
  const told = texts(all).join("|");
  await page.close();
  return told;
}

const keys = async (page: Page, key: string, times: number): Promise<void> => {
  for (let n = 0; n < times; n++) await page.keyboard.press(key);
};

// S12, COB-5
describe("what a page tells of a secret when something else stands in its field by then", { timeout: 60_000 }, () => {
  test("is hidden while it is typed on", async () => {
    const page = await late(150);
    await packets(page);
    await page.locator("#field").pressSequentially("correct-horse-battery", { delay: 60 });
    await settled(page, "It reads correct-horse-battery");
    expect(await without(page, "corr", "horse", "batt")).toContain("It reads •••••••••••••••••|"); // the late ones were told, as dots
  });

  test("is hidden while it is typed back, and when it is emptied", async () => {
    const page = await late(120);
    await packets(page);
    await page.locator("#field").pressSequentially("hunter22xy");
    await keys(page, "Backspace", 4);
    await settled(page, "It reads hunter");
    await page.locator("#field").pressSequentially("77");
    await keys(page, "Backspace", 8);
    await settled(page, "It reads ");
    await without(page, "hunt");
  });

  test("is hidden where a page shows what stood there before", async () => {
    const page = await recording(`<input id="field" type="password"><p id="shown">-</p>`, `
      let before = "";
      document.getElementById("field").addEventListener("input", ({ target: { value } }) => {
        document.getElementById("shown").textContent = "It was " + before;
        before = value;
      });`);
    await packets(page);
    await page.locator("#field").pressSequentially("hunter22x");
    await settled(page, "It was hunter22");
    await without(page, "hunt");
  });

  test("is hidden when it was pasted, replaced, changed within, and when its field is gone", async () => {
    const page = await late(150);
    await packets(page);
    await page.focus("#field");
    const over = async (text: string): Promise<void> => {
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.insertText(text);
    };
    await over("kingfisher-41");
    await over("Opal Zebra");
    await keys(page, "Home", 1);
    await keys(page, "Delete", 5); // "Zebra"
    await over("quartz99");
    await keys(page, "ArrowLeft", 3);
    await page.keyboard.type("mid"); // "quartmidz99"
    await over("s");
    await page.evaluate(() => void (document.getElementById("around")!.textContent = ""));
    await settled(page, "It reads s");
    await page.evaluate(() => void (document.getElementById("shown")!.innerHTML = "<i>Opal Zebra</i>, <b>Zebra.</b> and kingfisher-41 or quartm, CONTROL quarters"));
    expect(await without(page, "kingf", "Opal", "Zebra", "quartz", "quartm")).toContain(" and ••••••••••••• or ••••••, CONTROL quarters");
  });

  test("is hidden of numbers too, also of those in a field of which nothing is known", async () => {
    for (const field of [`autocomplete="cc-number"`, ""]) {
      const page = await late(120, field);
      await packets(page);
      await page.locator("#field").pressSequentially("4000123412349876");
      await keys(page, "Backspace", 12);
      await page.locator("#field").pressSequentially("5");
      await settled(page, "It reads 40005");
      await without(page, "40001234", "23412349", "9876");
    }
  });

  test("is hidden where the page hears of a key first", async () => {
    const page = await recording(`<input id="field" type="password"><p id="shown">-</p>`, `
      document.getElementById("field").addEventListener("keydown", ({ key, target }) => {
        if (key.length === 1) document.getElementById("shown").textContent = "It reads " + target.value + key;
      });`);
    await packets(page);
    await page.locator("#field").pressSequentially("hunter22x");
    await settled(page, "It reads hunter22x");
    await without(page, "hunte");
  });

  test("hides no other words", async () => {
    const page = await recording(`<input id="field" type="password"><p id="shown">-</p><p id="stood">abcd hunter</p>`);
    await packets(page);
    await page.locator("#field").pressSequentially("abcd");
    await page.locator("#field").fill("hunter22x");
    const said = "abcdef xabcd, hunters hunting hun ABC 1abcd";
    await page.evaluate((text) => void (document.getElementById("shown")!.textContent = text), said);
    const told = texts(await packets(page));
    expect(told).toContain(said);
    expect(told).toContain("abcd hunter");
    await page.evaluate(() => void (document.getElementById("shown")!.textContent = "(ABCD) abcd-Hunt"));
    expect(texts(await packets(page))).toContain("(••••) ••••-••••");
    expect(whole(await handed(page))).not.toContain("ABCD");
    await page.close();
  });
});

describe("what is remembered of fields", () => {
  const field = {} as FieldElement;

  test("is bounded, however long one edits", () => {
    const typed = new Typed();
    const one = typed.add(field);
    for (let n = 0; n < 1_000; n++) typed.value(one, `a${n}-${"x".repeat(n)}`);
    expect(one.past.length).toBe(16);
    expect(one.past.map(({ last }) => last.length)).toEqual(Array.from({ length: 16 }, (_, n) => 985 + n)); // longer ones are not kept
  });

  test("holds no value that only begins another, and does not grow when the same is typed again", () => {
    const typed = new Typed();
    const one = typed.add(field);
    const type = (text: string): void => {
      for (let n = 1; n <= text.length; n++) typed.value(one, text.slice(0, n));
      for (let n = text.length - 1; n >= 0; n--) typed.value(one, text.slice(0, n));
      typed.looks++;
    };
    for (let n = 0; n < 5; n++) type("hunter22x");
    expect(one.past.map(({ last }) => last)).toEqual(["hunter22x"]);
    expect(one.last).toBe("h");
  });

  test("is found by what it begins with, whatever signs that has, and not in a text that is older", () => {
    const words = new Words([["a.c*(d", 1], ["abcdefgh", 5]].map(([text, begun]) => ({ text, begun, isNumber: false }) as Word));
    const hide = (text: string, since: number): string => words.hide(text, text, since);
    expect(hide("abcc (d a.c* a.c*(d abcde", 9)).toBe("abcc (d •••• •••••• •••••");
    expect(hide("a.c* abcde", 3)).toBe("•••• abcde");
    expect(words.has("abcdefgh") && !words.has("abcdefg")).toBe(true);
  });
});
