import { describe, expect, test } from "vitest";

import { until, type Page } from "../driver/index.ts";
import { TestSite } from "../driver/test-site.ts";
import { Stage } from "../stage.ts";

/** What a page of the test saw of ports and of the frame that it made. */
interface Seen {
  readonly answers: readonly unknown[];
  readonly loads: number;
  readonly offers: number;
}

/**
 * A page that embeds the panel by hand and gives it a port, to every origin, again and again: more than any honest loader
 * would do. `%PANEL%` stands for the panel's address.
 */
const byHand = `<!doctype html><title>By hand</title><h1>By hand</h1><iframe id=panel title=Panel width=400 height=600 src="%PANEL%"></iframe>
<script>
const seen = { answers: [], loads: 0, offers: 0 };
window.seen = seen;
addEventListener("message", (event) => { seen.answers.push(event.data); });
const offer = () => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = (event) => {
    seen.answers.push(event.data);
    if (event.data.kind === "ready") port1.postMessage({ kind: "begin", open: true, focus: false, kept: null, identity: null });
  };
  panel.contentWindow.postMessage({ parlour: "port" }, "*", [port2]);
  seen.offers += 1;
};
panel.addEventListener("load", () => { seen.loads += 1; offer(); });
setInterval(offer, 200);
</script>`;

/** The snippet as a customer would put it in, on somebody else's page. */
const bySnippet = `<!doctype html><title>By snippet</title><h1>By snippet</h1><script async src="%PARLOUR%/parlour.js" data-site="%SITE%"></script>`;

const seen = (page: Page): Promise<Seen> => page.evaluate(() => Reflect.get(globalThis, "seen") as Seen);

/** Addresses of frames that became a panel: a frame that the browser refused is an error page of its own. */
const panels = (page: Page): string[] => page.frames().slice(1).filter((address) => /\/w\/[^/]+\/panel/.test(address));

// S4, SITE-1
describe("a page of a foreign origin", () => {
  const stage = new Stage("foreign");

  test("cannot embed the panel and gets no port; a page of the site can", { timeout: 90_000 }, async () => {
    const server = await stage.server();
    const browser = await stage.browser("stranger");
    const shop = await browser.page();
    await shop.open(server.shop);
    const key = await shop.evaluate(() => document.querySelector("script[data-site]")?.getAttribute("data-site") ?? "");
    expect(key).not.toBe("");
    const fill = (page: string): string => page.replaceAll("%PANEL%", `${server.origin}/w/${key}/panel`).replaceAll("%PARLOUR%", server.origin).replaceAll("%SITE%", key);
    const stranger = stage.keep(await TestSite.open({ "/by-hand": fill(byHand), "/by-snippet": fill(bySnippet) }));
    const visitors = (): Promise<number> => server.metric("parlour_connections");

    // The control first: the same handshake by hand, from the shop's own origin, gets a port that answers.
    await shop.evaluate((html: string) => {
      document.body.replaceChildren(document.createRange().createContextualFragment(html));
    }, fill(byHand));
    await until("the site's own page gets a port", async () => (await seen(shop)).answers.some((one) => (one as { kind?: string }).kind === "ready"));
    expect(panels(shop)).toHaveLength(1);
    await shop.close();
    const before = await visitors();

    for (const origin of [stranger.shop, stranger.other]) {
      const page = await browser.page();
      await page.open(`${origin}/by-hand`);
      await until(`the frame in ${origin} has been refused`, () => Promise.resolve(page.console.some((line) => line.includes("frame-ancestors"))));
      // Ten more ports are heard by nobody.
      const { offers, loads } = await seen(page);
      await until("ten more ports have been offered", async () => (await seen(page)).offers >= offers + 10);
      expect(loads).toBeLessThanOrEqual(1);
      expect((await seen(page)).answers, `what ${origin} heard`).toEqual([]);
      expect(panels(page), `panels inside ${origin}`).toEqual([]);
      await page.screenshot(`by-hand-${origin}`);
      await page.close();
    }

    const page = await browser.page();
    await page.open(`${stranger.shop}/by-snippet`);
    await page.click("button", "Chat with us");
    await until("the panel in the stranger's page has been refused", () => Promise.resolve(page.console.some((line) => line.includes("frame-ancestors"))));
    expect(panels(page)).toEqual([]);
    // Who clicked is told, and can close the sign again.
    await page.seeText("The chat cannot be reached.");
    await until("the console names the cause", () => Promise.resolve(page.console.some((line) => line.includes("parlour: origin_refused"))));
    await page.screenshot("by-snippet");
    await page.within("alert").click("button", "Close");
    await page.goneText("The chat cannot be reached.");
    await page.see("button", "Chat with us");
    expect(await visitors()).toBe(before);

    // A top-level panel has no page around it, and a window that opened it is not its parent.
    await page.open(`${stranger.shop}/by-hand`);
    await page.evaluate((address: string) => {
      const panel = window.open(address);
      const heard: unknown[] = [];
      Reflect.set(globalThis, "heard", heard);
      Reflect.set(globalThis, "offers", 0);
      setInterval(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = (event: MessageEvent<unknown>) => { heard.push(event.data); };
        panel?.postMessage({ parlour: "port" }, "*", [port2]);
        Reflect.set(globalThis, "offers", Number(Reflect.get(globalThis, "offers")) + 1);
      }, 100);
    }, `${server.origin}/w/${key}/panel`);
    await page.until("thirty ports have been offered to the window", () => Number(Reflect.get(globalThis, "offers")) >= 30, undefined);
    expect(await page.evaluate(() => Reflect.get(globalThis, "heard") as unknown[])).toEqual([]);
  });
});
