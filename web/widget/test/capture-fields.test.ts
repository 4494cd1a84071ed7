import { describe, expect, test } from "vitest";
import { handed, packets, recordInChromium, recording, texts, type Packet } from "./recording.ts";

recordInChromium();

/** What was told of fields, in order. */
function inputs(all: readonly Packet[]): string[] {
  const found: string[] = [];
  let begun: Buffer[] = [];
  for (const { body, flags } of all) {
    begun.push(body);
    if ((flags & 2) === 0) continue;
    const events = JSON.parse(Buffer.concat(begun).toString()) as { data: { source?: number; text?: string } }[];
    found.push(...events.flatMap(({ data }) => (data.source === 5 ? [data.text ?? ""] : [])));
    begun = [];
  }
  return found;
}

// COB-5, S12
describe("a field that is typed into", { timeout: 60_000 }, () => {
  test("is told as it is typed, not only when it is left", async () => {
    const page = await recording(`<input id="name">`);
    await packets(page);
    await page.locator("#name").pressSequentially("Ada", { delay: 100 });
    await expect.poll(async () => inputs(await handed(page))).toEqual(["•", "••", "•••"]);
    await page.close();
  });

  test("and is a password, which its page shows before anything stands in it, stays secret, also where the page repeats it", async () => {
    const page = await recording(`<input id="pass" type="password"><button id="show">Show</button><p id="shown">-</p>`, `
      document.getElementById("show").addEventListener("click", () => { document.getElementById("pass").type = "text"; });
      document.getElementById("pass").addEventListener("input", ({ target }) => { document.getElementById("shown").textContent = "It reads " + target.value; });`);
    await packets(page);
    await page.click("#show");
    await packets(page);
    await page.locator("#pass").pressSequentially("hunter22x");
    const all = await packets(page);
    expect(texts(all).join("|")).not.toContain("hunter");
    expect(inputs(all)).toEqual(["••••••••"]);
    expect(texts(all)).toContain("It reads •••••••••");
    await page.close();
  });

  test("and holds a long text is told now and then, and in the end as it is", async () => {
    const page = await recording(`<textarea id="area"></textarea>`);
    await page.evaluate(() => void ((document.getElementById("area") as HTMLTextAreaElement).value = "x".repeat(20_000)));
    const before = (await packets(page)).length;
    await page.focus("#area");
    const began = Date.now();
    for (let n = 0; n < 30; n++) await page.keyboard.press("Backspace", { delay: 30 });
    await expect.poll(async () => inputs((await handed(page)).slice(before)).at(-1)?.length, { timeout: 10_000 }).toBe(19_970);
    const took = Date.now() - began;
    const told = inputs((await handed(page)).slice(before)).length;
    console.log(`30 keys in a text of 20,000 characters, in ${took} ms: told ${told} times`);
    expect(told).toBeLessThanOrEqual(1 + took / 1_000);
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.press("Delete"); // a short one overtakes no long one
    await expect.poll(async () => inputs((await handed(page)).slice(before)).at(-1)).toBe("");
    await page.close();
  });
});
