import { describe, expect, test } from "vitest";

import { TeamDesk } from "../desk-team.ts";
import { until, type Page } from "../driver/index.ts";
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
