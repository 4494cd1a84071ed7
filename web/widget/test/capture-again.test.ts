import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { captureKey, type StartCapture } from "../src/port.ts";
import { open, packets, recordInChromium, recording, texts, whole, type Recorded } from "./recording.ts";

recordInChromium();

/** Stops sharing; what was handed over is forgotten. */
const stop = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const own = window as unknown as Recorded & { capture: { stop(): void } };
    own.capture.stop();
    own.packets = [];
  });

/** Shares the page again. */
const again = (page: Page): Promise<void> =>
  page.evaluate((key) => {
    const own = window as unknown as Recorded & Record<string, unknown>;
    own["capture"] = (own[key] as StartCapture)({
      cobrowse: "01920000-0000-7000-8000-0000000000bc",
      mask: [],
      own: "#parlour-widget",
      emit: (packet) => void own.packets.push(btoa(String.fromCharCode(...new Uint8Array(packet)))),
    });
  }, captureKey);

/** The texts of a snapshot that is taken now. */
async function snapshot(page: Page): Promise<{ told: string; json: string }> {
  await packets(page);
  await page.evaluate(() => {
    const own = window as unknown as Recorded & { capture: { snapshot(): void } };
    own.packets = [];
    own.capture.snapshot();
  });
  const all = await packets(page);
  return { told: texts(all).join("|"), json: whole(all) };
}

// S12, COB-5
describe("what is hidden, and what is not, when a page is sent again", { timeout: 60_000 }, () => {
  test("what a page repeated of fields that are gone stays hidden when it is shared again", async () => {
    const page = await recording(`${open}<form><input id="pass" type="password"><input id="card" autocomplete="cc-number"></form><p id="shown"></p><p id="digits"></p><p id="late"></p>`, `
      const by = (id) => document.getElementById(id);
      by("pass").addEventListener("input", () => { by("shown").textContent = "It reads " + by("pass").value + "."; });
      by("card").addEventListener("input", () => { by("digits").textContent = "It ends " + by("card").value.slice(-4); });`);
    await page.locator("#pass").pressSequentially("hunter22x");
    await page.locator("#card").pressSequentially("5500005555555559");
    await packets(page);
    await stop(page);
    await page.evaluate(() => {
      document.querySelector("form")?.remove(); // the next step of the page
      document.getElementById("late")!.append("Again: hunter22x, CONTROL-late");
    });
    await again(page);
    const told = texts(await packets(page)).join("|");
    for (const part of ["hunter22", "5559"]) expect(told, part).not.toContain(part);
    for (const control of ["It reads •••••••••.", "It ends ••••", "CONTROL-late"]) expect(told).toContain(control);
    await page.close();
  });

  test("a text that was told before something like it was typed stays as it was; one that is made or changed since is hidden", async () => {
    const page = await recording(`${open}<nav><a>Delivery</a> <a>Returns</a> <p>Free delivery above 50</p></nav><button id="b">Delivery</button><input type="button" id="label" value="Delivery now"><p id="founded">Since 1984, order 55 1984</p>
      <input id="pass" type="password"><input id="pin" autocomplete="cc-csc"><p id="echo">-</p><p id="made"></p><p id="number">-</p>`);
    await packets(page);
    await page.locator("#pass").pressSequentially("delivery");
    await page.locator("#pin").pressSequentially("1984");
    const open1 = await snapshot(page);
    for (const text of ["|Delivery|", "Free delivery above 50", "Since 1984, order 55 1984"]) expect(open1.told).toContain(text);
    expect(open1.json).toContain("Delivery now");
    await page.evaluate(() => {
      const text = (id: string): Text => document.getElementById(id)!.firstChild as Text;
      text("echo").data = "Password: delivery";
      text("number").data = "Your code 1984";
      document.getElementById("made")!.innerHTML = "<b>Made of delivery</b>";
      (document.getElementById("label") as HTMLInputElement).value = "Label: delivery";
      document.getElementById("label")!.setAttribute("value", "Label: delivery");
      document.querySelector("nav")!.append(document.querySelector("nav a")!); // moved, not changed
    });
    const shut = await snapshot(page);
    for (const text of ["Password: ••••••••", "Your code ••••", "Made of ••••••••", "Delivery|", "Free delivery above 50", "Since 1984, order 55 1984"]) expect(shut.told).toContain(text);
    expect(shut.json).not.toMatch(/Label: d/);
    await page.fill("#pass", ""); // another is typed: what was hidden stays so, what was open too
    await page.fill("#pin", "");
    await page.locator("#pass").pressSequentially("returns");
    await page.locator("#pin").pressSequentially("2077");
    await stop(page);
    await again(page);
    const last = texts(await packets(page)).join("|");
    for (const text of ["Password: ••••••••", "Your code ••••", "Delivery|", "|Returns|", "Free delivery above 50", "Since 1984, order 55 1984"]) expect(last).toContain(text);
    await page.close();
  });

  test("a password that the page told a letter ahead of its field, or before it filled the field with it, is hidden when it is sent again", async () => {
    const page = await recording(`${open}<nav>Delivery</nav><p id="stood">Xk29aaB7q</p><p id="suggested">-</p><p id="came">-</p><p id="number">-</p><input id="pass" type="password"><p id="ahead">-</p>
      <input id="new" type="password"><input id="other" type="password"><input id="pin" autocomplete="cc-csc">`, `
      const pass = document.getElementById("pass");
      pass.addEventListener("keydown", ({ key }) => { if (key.length === 1) document.getElementById("ahead").firstChild.data = "So far " + pass.value + key; });`);
    await packets(page);
    await page.locator("#pass").pressSequentially("hunter22x");
    await page.evaluate(() => {
      const text = (id: string): Text => document.getElementById(id)!.firstChild as Text;
      text("suggested").data = " Xk29aaB7q ";
      text("came").data = "Delivery Xk29aaB7q-";
      text("number").data = "1984";
    });
    await packets(page);
    await page.evaluate(() => void ((document.getElementById("new") as HTMLInputElement).value = "Xk29aaB7q"));
    await page.locator("#other").pressSequentially("delivery");
    await page.locator("#pin").pressSequentially("1984");
    const sent = await snapshot(page);
    await stop(page);
    await again(page);
    for (const told of [sent.told, texts(await packets(page)).join("|")]) {
      expect(told).not.toContain("hunter22");
      for (const text of ["So far •••••••••|", "| ••••••••• |", "|Delivery|", "|Xk29aaB7q|", "|Delivery Xk29aaB7q-|", "|1984|"]) expect(told, text).toContain(text);
    }
    await page.close();
  });

  test("boxes of a code are all hidden, also those that held the right digit before; boxes that stood there whole are not", async () => {
    const boxes = (digits: string): string => digits.replace(/./g, "<i>$&</i>");
    const page = await recording(`${open}<p id="boxes">${boxes("000000")}</p><h2>Between</h2><p id="stood">${boxes("407013")}</p><input id="code" autocomplete="one-time-code">`, `
      document.getElementById("code").addEventListener("input", ({ target }) => {
        [...target.value].forEach((digit, i) => {
          const text = document.querySelectorAll("#boxes i")[i].firstChild;
          if (text.data !== digit) text.data = digit;
        });
      });`);
    await packets(page);
    await page.locator("#code").pressSequentially("407013");
    const sent = await snapshot(page);
    await stop(page);
    await again(page);
    for (const told of [sent.told, texts(await packets(page)).join("|")]) expect(told).toContain("•|•|•|•|•|•|Between|4|0|7|0|1|3|");
    await page.close();
  });

  test("what stood beside a field that was filled before sharing began is hidden: it may repeat it", async () => {
    const page = await recording(`${open}<input id="pass" type="password" value="hunter22x"><p>It reads hunter22x.</p><p>CONTROL-hunting</p>`);
    const told = texts(await packets(page)).join("|");
    expect(told).not.toContain("hunter22");
    expect(told).toContain("CONTROL-hunting");
    await page.close();
  });

  test("a password is remembered however many other fields are filled after it", async () => {
    const page = await recording(`${open}<input id="pass" type="password"><div id="many"></div><p id="shown">-</p>`);
    await page.locator("#pass").pressSequentially("hunter22x");
    await page.evaluate(() => {
      document.getElementById("pass")!.remove();
      document.getElementById("many")!.innerHTML = Array.from({ length: 80 }, (_, i) => `<input value="v${String(i)}">`).join("");
    });
    await packets(page);
    await page.evaluate(() => void (document.getElementById("shown")!.textContent = "It reads hunter22x."));
    const told = texts(await packets(page)).join("|");
    expect(told).not.toContain("hunter22");
    expect(told).toContain("It reads •••••••••.");
    await page.close();
  });
});
