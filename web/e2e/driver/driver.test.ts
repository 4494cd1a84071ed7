import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Artifacts, NotSeen, openBrowser, type Browser, type Page } from "./index.ts";
import { TestSite } from "./test-site.ts";

const host = `<!doctype html><title>Host</title><h1>Host page</h1>
<label for=who>Your name</label><input id=who value="old">
<button onclick="document.querySelector('#said').textContent='Hello, '+who.value">Greet</button>
<p id=said role=status></p><button id=off disabled>Later</button>
<button hidden>Ghost</button><div aria-hidden=true><button>Ghost</button></div>
<section aria-label="First"><button onclick="this.textContent='Sent one'">Send</button></section>
<section aria-label="Second"><button onclick="this.textContent='Sent two'">Send</button></section>
<form aria-label="Talk"><input aria-label="Message" onkeydown="if(event.key==='Enter'){event.preventDefault();this.form.after(this.value)}"></form>
<div id=shade></div><iframe src="%OTHER%/inside" title="Inside"></iframe>
<script>
const root = shade.attachShadow({mode:"open"});
root.innerHTML = "<div role=alertdialog aria-labelledby=t><h2 id=t>Web chat</h2><button>Accept</button></div><label>Secret <input type=password></label>";
root.querySelector("button").onclick = (e) => { e.target.closest("div").remove(); };
</script>`;

const inside = `<!doctype html><title>Inside</title><button onclick="this.textContent='Clicked inside'">Inside</button>
<p id=store></p><script>
try { localStorage.setItem("probe", "1"); store.textContent = "storage allowed"; } catch (error) { store.textContent = "storage refused"; }
</script><iframe srcdoc="<p>Innermost</p>"></iframe>`;

const next = `<!doctype html><title>Next</title><h1>Next page</h1><iframe src="%OTHER%/inside"></iframe>`;

let site: TestSite;
beforeAll(async () => {
  site = await TestSite.open({ "/": host, "/inside": inside, "/next": next });
});
afterAll(() => site.close());

describe.each(["chromium", "firefox"] as const)("%s", (kind) => {
  const artifacts = new Artifacts(`driver-${kind}`);
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await openBrowser({ kind, who: "tester", artifacts });
    page = await browser.page();
    await page.open(`${site.shop}/`);
  });
  afterAll(() => browser.close());

  it("types and clicks by role and name", async () => {
    await page.type("textbox", "Your name", "Ada");
    expect(await page.value("textbox", "Your name")).toBe("Ada");
    await page.click("button", "Greet");
    await page.seeText("Hello, Ada");
    await page.see("heading", /host/i);
    expect(await page.read("status")).toBe("Hello, Ada");
  });

  it("takes a string as the whole name", async () => {
    expect(await page.count("button", "Gre")).toBe(0);
    expect(await page.count("button", /Gre/)).toBe(1);
  });

  it("does not see what is hidden", async () => {
    expect(await page.count("button", "Ghost")).toBe(0);
    await page.gone("button", "Ghost");
  });

  it("tells who can be used", async () => {
    await page.enabled("button", "Greet");
    await page.enabled("button", "Later", false);
    await expect(page.click("button", "Later", { within: 600 })).rejects.toThrow(NotSeen);
  });

  it("acts only on exactly one element, and inside a part", async () => {
    await expect(page.click("button", "Send", { within: 300 })).rejects.toThrow("2 elements match");
    await page.within("region", "Second").click("button", "Send");
    await page.within("region", "Second").see("button", "Sent two");
    expect(await page.within("region", "First").count("button", "Sent two")).toBe(0);
  });

  it("goes through open shadow roots", async () => {
    await page.type("textbox", "Secret", "hush");
    await page.within("alertdialog", "Web chat").click("button", "Accept");
    await page.gone("alertdialog");
    const html = await page.html();
    expect(html).toContain("hush");
    expect(html).toContain("Inside");
  });

  it("presses keys where the focus is", async () => {
    await page.type("textbox", "Message", "by key");
    expect(await page.focused()).toBe('textbox "Message"');
    await page.press("Enter");
    await page.seeText(/by key/);
    await page.type("textbox", "Message", "in it");
    await page.pressIn("textbox", "Message", "Enter");
    await page.seeText(/in it/);
  });

  it("acts in a frame of another site, and after the next page again", async () => {
    const frame = page.frame(`${site.other}/inside`);
    await frame.click("button", "Inside");
    await frame.see("button", "Clicked inside");
    await frame.inner().seeText("Innermost");
    expect(await frame.evaluate(() => document.title)).toBe("Inside");
    await page.open(`${site.shop}/next`);
    await frame.click("button", "Inside");
    await frame.see("button", "Clicked inside");
    expect(page.frames()).toHaveLength(3);
    await page.open(`${site.shop}/`);
  });

  it("evaluates once, hands on errors, and waits for conditions", async () => {
    expect(await page.evaluate((n: number) => n * 2, 21)).toBe(42);
    await expect(page.evaluate(() => { throw new Error("as asked"); })).rejects.toThrow("as asked");
    await page.evaluate(() => { Reflect.set(globalThis, "visits", 0); });
    const third = await page.until("the third visit", (goal: number) => {
      const visits = Number(Reflect.get(globalThis, "visits")) + 1;
      Reflect.set(globalThis, "visits", visits);
      return visits >= goal ? visits : 0;
    }, 3);
    expect(third).toBe(3);
  });

  it("fails with what was on the page", async () => {
    const error = await page.see("button", "Nowhere", { within: 200 }).catch((reason: unknown) => reason);
    if (!(error instanceof NotSeen)) throw new Error("it did not fail");
    expect(error.message).toContain('button "Nowhere" is visible');
    expect(error.message).toContain('button "Greet"');
    expect(error.message).toContain('button "Inside"');
    const shot = /screenshot: (.+)$/m.exec(error.message)?.[1] ?? "";
    expect(existsSync(shot)).toBe(true);
  });

  it("keeps the console", async () => {
    await page.evaluate(() => { console.log("a line for the diary"); });
    await expect.poll(() => page.console.join("\n")).toContain("a line for the diary");
  });
});

describe.each(["refused", "allowed"] as const)("third-party storage %s", (thirdPartyStorage) => {
  it("is what a frame of another site finds", async () => {
    const browser = await openBrowser({ who: "tester", artifacts: new Artifacts(`driver-storage-${thirdPartyStorage}`), thirdPartyStorage });
    try {
      const page = await browser.page();
      await page.open(`${site.shop}/`);
      await page.frame(`${site.other}/inside`).seeText(`storage ${thirdPartyStorage}`);
      // The same document as a page of its own has its storage either way.
      await page.open(`${site.other}/inside`);
      await page.seeText("storage allowed");
    } finally {
      await browser.close();
    }
  });
});
