import { describe, expect, test } from "vitest";

import { TeamDesk } from "../desk-team.ts";
import { until, type BrowserOptions, type Page } from "../driver/index.ts";
import { makeMedia } from "../media.ts";
import { Stage } from "../stage.ts";
import { Talk } from "../talk.ts";

/** Lets the page note that it was shown again as it was, which no page that was loaded anew knows. */
async function noteReturn(page: Page): Promise<void> {
  await page.evaluate(() => {
    addEventListener("pageshow", ({ persisted }) => {
      if (persisted) Object.assign(globalThis, { returns: ((globalThis as { returns?: number }).returns ?? 0) + 1 });
    });
  });
}

/** Goes back, and waits until the page of before is there as it was. */
async function goBack(page: Page, returns = 1): Promise<void> {
  await page.evaluate(() => { setTimeout(() => { history.back(); }); });
  await page.until("the page of before is back as it was", (wanted) => (globalThis as { returns?: number }).returns === wanted, returns);
  await page.anew();
}

// VIS-2, VIS-4, STATE-6, DESK-10: Chromium keeps a page that is left, and shows it again with all that it held.
describe("a page that the browser puts aside", () => {
  const stage = new Stage("put-aside");

  test("comes back with the conversation as it is now, for visitor and agent", { timeout: 120_000 }, async () => {
    const server = await stage.server();
    const [visitor, page] = await Promise.all([stage.visitor("vera", { putAside: true }), stage.page("anna", { putAside: true })]);
    const anna = new TeamDesk(page);
    await new Talk(visitor, anna).begin(server);
    await noteReturn(visitor.page);

    // The visitor goes on to another page, where the chat goes on, and back to the first, whose panel has missed a message.
    await visitor.follow("Delivery");
    await visitor.sees("Do you have green tea?");
    await anna.send("Two kinds. You are on the page of deliveries.");
    await visitor.sees("Two kinds. You are on the page of deliveries.");
    await goBack(visitor.page);
    await anna.send("Now you are back.");
    await anna.page.until("what was said is read on the page that came back", () => {
      const said = [...document.querySelectorAll("article.message")].find((one) => one.textContent.includes("Now you are back."));
      return said?.querySelector("[data-mark=read]") !== null && said !== undefined;
    }, undefined);
    await visitor.sees("Now you are back.");
    await visitor.page.screenshot("back-visitor");
    await until("only the page in front has a way to the server, and the desk", async () => (await server.metric("parlour_transports_open")) === 2);

    // So does the agent's desk: to the shop and back.
    await noteReturn(anna.page);
    await anna.page.evaluate((shop) => { location.href = shop; }, server.shop);
    await anna.page.see("heading", /Tea, and what it takes/);
    await visitor.follow("Delivery");
    await visitor.sees("Now you are back.");
    await visitor.send("Yes, and on again.");
    await goBack(anna.page);
    await anna.sees("Connected");
    await anna.sees("Yes, and on again.");
    await anna.is("Busy (1 of 4)");
    await anna.send("I am back, too.");
    await visitor.sees("I am back, too.");
    expect(await visitor.panel.evaluate(() => [...document.querySelectorAll(".line:not(.system) .text")].map((one) => one.textContent)), "all of it, once and in order").toEqual([
      "Do you have green tea?", "Two kinds. You are on the page of deliveries.", "Now you are back.", "Yes, and on again.", "I am back, too.",
    ]);
    await anna.page.screenshot("back-anna");
    expect([...visitor.page.console, ...anna.page.console].filter((line) => line.startsWith("uncaught"))).toEqual([]);
  });
});

// VIS-4, CALL-6, COB-6: what began on a later page goes on, on the page of before that knew nothing of it.
describe.each<NonNullable<BrowserOptions["thirdPartyStorage"]>>(["refused", "allowed"])("a page from before the chat, third-party storage %s", (storage) => {
  const stage = new Stage(`put-aside-${storage}`);

  test("takes over chat, call and co-browsing, and a log-out too", { timeout: 180_000 }, async () => {
    const [red, blue] = [makeMedia("red", 440), makeMedia("blue", 880)];
    for (const files of [red, blue]) stage.keep({ close: () => Promise.resolve(files.remove()) });
    const [server, visitor, page] = await Promise.all([
      stage.server(),
      stage.visitor("vera", { camera: red.camera, microphone: red.microphone, putAside: true, thirdPartyStorage: storage }),
      stage.page("anna", { camera: blue.camera, microphone: blue.microphone }),
    ]);
    const anna = new TeamDesk(page);
    await anna.signIn(server.sign(0));
    await anna.ready();
    await visitor.visit(server.shop);
    await noteReturn(visitor.page);
    await visitor.follow("Delivery");
    await visitor.open();
    await visitor.send("My secret question.");
    await anna.rings();
    await anna.open();
    await anna.startVideo();
    await visitor.allow();
    await visitor.seesAndHears("blue", 880);
    await anna.cobrowse();
    await visitor.allow();
    await anna.replica.see("heading", /Delivery/);

    await goBack(visitor.page);
    await visitor.sees("My secret question.");
    await visitor.page.see("button", "Stop sharing");
    await visitor.seesAndHears("blue", 880);
    await anna.replica.see("heading", /Tea, and what it takes/);
    await visitor.page.screenshot("back-to-before");
    await visitor.stopSharing();
    await visitor.hangUp();

    await visitor.follow("Delivery");
    await visitor.sees("My secret question.");
    await visitor.page.evaluate(() => { (globalThis as unknown as { Parlour: { reset(): void } }).Parlour.reset(); });
    await visitor.panel.see("textbox", "Your name (optional)");
    await goBack(visitor.page, 2);
    await until("only the desk has a way to the server: the page of before knows of the log-out", async () => (await server.metric("parlour_transports_open")) === 1);
    await visitor.page.screenshot("back-after-log-out");
    await visitor.follow("Delivery");
    await visitor.open();
    await visitor.panel.see("textbox", "Your name (optional)");
    await visitor.panel.goneText("My secret question.");
  });
});
