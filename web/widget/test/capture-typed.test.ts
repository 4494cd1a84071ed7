import { describe, expect, test } from "vitest";
import { captureKey, type StartCapture } from "../src/port.ts";
import { open, packets, recordInChromium, recording, texts, whole, type Recorded } from "./recording.ts";

recordInChromium();

describe("what is typed into a page that is shared", { timeout: 60_000 }, () => {
  test("what is typed into a payment field is hidden wherever the page repeats it, while it grows, and nothing else is", async () => {
    const digits = "5500005555555559";
    const page = await recording(`${open}<input id="card" autocomplete="cc-number"><input id="name" autocomplete="cc-name"><input id="pass" type="password">
      <div class="private"><input id="masked"></div><input id="bare"><p id="said">Card: <b></b>, 12 pieces</p><p id="groups"></p><div id="cells"></div><p id="late"></p>
      <img id="picture"><input type="button" id="label" value="x"><p id="who"></p><p id="shown"></p><p id="other"></p>
      <p>CONTROL in 2026: 1,234.56 EUR, order 77 123456, tel. 030 1234567, hunter hunting</p><table><tr><td>5</td><td>50</td><td>1</td></tr></table>`, `
      const by = (id) => document.getElementById(id);
      const four = (text) => text.replace(/(.{4})(?=.)/g, "$1 ");
      by("card").addEventListener("input", () => {
        const value = by("card").value;
        by("said").querySelector("b").textContent = four(value);
        by("groups").innerHTML = four(value).split(" ").map((g) => "<div>" + g + "</div>").join("");
        by("cells").innerHTML = value.padEnd(16, "#").split("").map((d) => "<div>" + d + "</div>").join("");
        by("picture").alt = "Card " + value;
        by("label").value = "Pay with " + value;
        by("other").textContent = "Step 5500 of 9, since 2026, 12 of 16";
        setTimeout(() => { by("late").textContent = "Your card " + value.replace(/(.{4})(?=.)/g, "$1-"); }, 30);
      });
      by("name").addEventListener("input", () => { by("who").textContent = by("name").value.toUpperCase(); });
      by("pass").addEventListener("input", () => { by("shown").textContent = "It reads " + by("pass").value + "."; });
      for (const id of ["masked", "bare"]) by(id).addEventListener("input", () => { by("other").textContent = "No. " + by(id).value; });`);
    await packets(page);
    await page.locator("#card").pressSequentially(digits.slice(0, 15), { delay: 5 });
    await page.locator("#name").pressSequentially("Ada Canary");
    await page.locator("#pass").pressSequentially("hunter22x");
    await page.locator("#masked").pressSequentially("349027715603");
    await page.locator("#bare").pressSequentially("371449635398");
    await expect.poll(async () => texts(await packets(page)).some((text) => /Your card •{4}-•{4}-•{4}-•{3}$/.test(text))).toBe(true);
    await page.evaluate(() => (window as unknown as { capture: { snapshot(): void } }).capture.snapshot());
    const all = await packets(page);
    const seen = texts(all);
    const told = seen.join("|");
    for (const part of ["5500 0", "5500-0", "0055", "55000", "CANARY", "ADA C", "hunter22", "hunter2.", "3490", "37144963"]) expect(told, part).not.toContain(part);
    expect(whole(all)).not.toMatch(/Card 5500|Pay with 5500/);
    expect(seen.filter((text) => /^[0-9]{4,}$/.test(text))).toEqual([]);
    const cells = JSON.stringify(JSON.parse(whole(all.filter((p) => p.gen === all.at(-1)?.gen && p.type === 1)))).match(/"id":"cells".*?"id":"late"/)?.[0] ?? "";
    expect(cells.match(/"textContent":"[0-9]/g)).toBeNull();
    expect(cells.match(/"textContent":"•"/g)).toHaveLength(15);
    for (const control of ["CONTROL in 2026: 1,234.56 EUR, order 77 123456, tel. 030 1234567, hunter hunting", "12 pieces", " of 9, since 2026, 12 of 16", "It reads "]) expect(told).toContain(control);
    expect(told).toMatch(/\|5\|50\|1/);
    await page.close();
  });

  test("what is typed while a document is in design mode is hidden, in the page and in a frame of it", async () => {
    const page = await recording(open + `<iframe id="frame" src="/inner?free"></iframe>`);
    await expect.poll(async () => whole(await packets(page))).toContain("CONTROL-frame");
    await page.evaluate(() => {
      const inner = (document.getElementById("frame") as HTMLIFrameElement).contentDocument!;
      inner.designMode = "on";
      inner.querySelector("b")!.innerHTML = "CANARY-framed<i>CANARY-i</i>";
      document.getElementById("live")!.textContent = "CONTROL-beside";
    });
    expect(whole(await packets(page))).toContain("CONTROL-beside");
    await page.evaluate(() => void (document.designMode = "on"));
    await page.click("#live");
    await page.keyboard.type("CANARY-design");
    await page.evaluate(() => {
      document.getElementById("live")!.append("CANARY-appended");
      (window as unknown as { capture: { snapshot(): void } }).capture.snapshot();
      document.designMode = "off";
      document.getElementById("live")!.textContent = "CONTROL-after";
    });
    const text = whole(await packets(page));
    expect(text.match(/CANARY[-\w]*/g) ?? []).toEqual([]);
    expect(text).not.toContain("CANARY".slice(0, 3));
    expect(text).toContain("CONTROL-after");
    await page.close();
  });

  test("what was typed while it could be edited stays hidden when it cannot be any more, also elsewhere and in the next session", async () => {
    const page = await recording(`${open}<div id="editor" contenteditable="true"><p id="line">x</p></div><div id="plain"></div><div id="later">CONTROL-later</div>`);
    await page.click("#line");
    await page.keyboard.type("CANARY-typed");
    await packets(page);
    const snapshot = (): Promise<void> => page.evaluate(() => (window as unknown as { capture: { snapshot(): void } }).capture.snapshot());
    await page.evaluate(() => {
      const editor = document.getElementById("editor")!;
      editor.setAttribute("contenteditable", "false"); // locked, while it is sent
      editor.append("CANARY-appended");
    });
    await packets(page);
    await snapshot();
    await page.evaluate(() => {
      const line = document.getElementById("line")!;
      document.getElementById("plain")!.append(...line.childNodes, "CONTROL-beside");
      document.getElementById("plain")!.append(line);
      line.textContent = "CANARY-again";
    });
    await packets(page);
    await snapshot();
    await page.evaluate((key) => {
      const own = window as unknown as Recorded & Record<string, unknown>;
      (own["capture"] as { stop(): void }).stop();
      own["capture"] = (own[key] as StartCapture)({ cobrowse: "01920000-0000-7000-8000-0000000000bc", mask: [], own: "#parlour-widget", emit: (packet) => void own.packets.push(btoa(String.fromCharCode(...new Uint8Array(packet)))) });
    }, captureKey);
    const text = whole(await packets(page));
    expect(text.match(/CANARY[-\w]*/g) ?? []).toEqual([]);
    for (const control of ["CONTROL-beside", "CONTROL-later"]) expect(text).toContain(control);
    await page.close();
  });

  // S12
  test("a secret is hidden where the page empties its field at once, or fills it and tells it in one step, and beside letters of any language", async () => {
    const page = await recording(`${open}<input id="word" type="password"><p id="entered"></p><input id="code" autocomplete="one-time-code"><p id="checking"></p>
      <button id="suggest">Suggest</button><input id="fresh" type="password" autocomplete="new-password"><p id="note"></p><input id="plain"><p id="said"></p>`, `
      const by = (id) => document.getElementById(id);
      const take = (id) => { const { value } = by(id); by(id).value = ""; return value; };
      by("word").addEventListener("keydown", ({ key }) => { if (key === "Enter") by("entered").textContent = "ŞİFRENİZ: " + take("word"); });
      by("code").addEventListener("input", () => { if (by("code").value.length === 6) by("checking").textContent = "Checking " + take("code"); });
      by("suggest").addEventListener("click", () => { by("fresh").value = "Wz7-kingfisher-41"; by("note").textContent = "Note it down: " + by("fresh").value; });
      by("plain").addEventListener("keydown", ({ key }) => { if (key === "Enter") by("said").textContent = "You said " + take("plain"); });`);
    await packets(page);
    for (const [field, text] of [["word", "hunter22x"], ["code", "739251"], ["plain", "CONTROL-said"]] as const) {
      await page.locator(`#${field}`).pressSequentially(text);
      await page.keyboard.press("Enter");
    }
    await page.locator("#suggest").click();
    const seen = texts(await packets(page));
    for (const told of ["ŞİFRENİZ: •••••••••", "Checking ••••••", "Note it down: •••••••••••••••••", "You said CONTROL-said"]) expect(seen).toContain(told);
    expect(seen.join("|")).not.toMatch(/hunter|739|kingfisher/);
    await page.close();
  });
});
