import { describe, expect, test } from "vitest";

import { Desk } from "../desk.ts";
import { until, type BrowserOptions, type Page } from "../driver/index.ts";
import { makeMedia } from "../media.ts";
import { Stage } from "../stage.ts";
import { Talk } from "../talk.ts";
import { Visitor } from "../visitor.ts";

/** Whether the shop keeps nothing of Parlour but the moment of the last log-out. */
const forgotten = (page: Page): Promise<unknown> =>
  page.until("the shop keeps nothing but the moment of the log-out", () => {
    const entries = Object.entries(localStorage).filter(([key]) => key.startsWith("parlour"));
    return entries.every(([key, text]) => key === "parlour:demo" && Object.entries(JSON.parse(text as string) as object).every(([name, value]) => (name === "out" ? value > 0 : !value)));
  }, undefined);

/** Logs out, as the shop's own script does, and goes to the next page at once. */
async function logOut(page: Page, next = ""): Promise<void> {
  await page.until("the widget's script has run", () => "Parlour" in globalThis, undefined);
  await page.evaluate((next) => {
    (globalThis as unknown as { Parlour: { reset(): void } }).Parlour.reset();
    if (next !== "") location.href = next;
  }, next);
}

/** The visitor's token, from the shop's storage or the panel's own. */
async function token({ page, panel }: Visitor, storage: "refused" | "allowed"): Promise<string> {
  const read = (): string => localStorage.getItem("parlour:demo") ?? "{}";
  const state = storage === "allowed" ? await panel.evaluate(read) : (JSON.parse(await page.evaluate(read)) as { kept: string }).kept;
  return (JSON.parse(state) as { token: string }).token;
}

// VIS-4, SITE-8: two tabs of one shop are one visitor.
describe.each<NonNullable<BrowserOptions["thirdPartyStorage"]>>(["refused", "allowed"])("two tabs, third-party storage %s", (storage) => {
  const stage = new Stage(`tabs-${storage}`);

  test("that were there before the chat are in it together, and end it together", { timeout: 120_000 }, async () => {
    const [server, browser, anna] = await Promise.all([stage.server(), stage.browser("vera", { thirdPartyStorage: storage }), stage.desk("anna")]);
    await anna.signIn(server.sign(0));
    await anna.ready();
    const one = new Visitor(await browser.page());
    const two = new Visitor(await browser.page());
    const three = new Visitor(await browser.page()); // its panel is opened when the chat runs
    for (const tab of [one, two, three]) await tab.visit(server.shop);
    for (const tab of [two, one]) {
      await tab.page.front();
      await tab.open();
    }

    await one.send("This is from the first tab.");
    await two.sees("This is from the first tab.");
    await anna.rings();
    await anna.open();
    for (const tab of [one, two]) await tab.sees("Anna has joined the chat.");
    await two.page.front();
    await two.send("And this is from the second.");
    await anna.sees("And this is from the second.");
    await three.page.front();
    await three.page.click("button", "Chat with us");
    await three.sees("And this is from the second.");
    await three.page.screenshot("third-tab");

    await one.page.front();
    await one.follow("Delivery");
    await one.sees("And this is from the second.");
    await one.send("I have gone to another page.");
    await anna.sees("I have gone to another page.");
    await two.sees("I have gone to another page.");

    // The site logs out in one tab: no tab, no later page and no other tab's next word bring it back.
    const secret = await token(one, storage);
    expect(secret).toMatch(/^[\w-]{43}$/);
    await logOut(two.page);
    for (const tab of [one, two, three]) {
      await tab.panel.see("textbox", "Your name (optional)");
      await tab.panel.goneText("And this is from the second.");
    }
    await one.page.screenshot("after-reset");
    await forgotten(one.page);
    await until("a copy of the token is worth nothing", async () => {
      const { status } = await fetch(`${server.origin}/v1/sign-out`, { method: "POST", headers: { Authorization: `Bearer ${secret}` } });
      return status === 401;
    });
    await three.page.front();
    await three.follow("Delivery");
    await three.open();
    await three.panel.see("textbox", "Your name (optional)");
  });

  test("a log-out reaches what the panel keeps, though it was not opened on that page", { timeout: 120_000 }, async () => {
    const [server, page, anna] = await Promise.all([stage.server({ name: "b" }), stage.page("wim", { thirdPartyStorage: storage }), stage.desk("anna-2")]);
    const visitor = new Visitor(page);
    await new Talk(visitor, anna).begin(server, "My secret question.");
    await visitor.end();
    await visitor.sees("This chat has ended.");
    await visitor.follow("Delivery");
    await logOut(page, "/cart"); // before any panel can have loaded
    await page.see("heading", "Your cart");
    await forgotten(page);
    if (storage === "allowed") {
      await visitor.panel.until("the panel keeps nothing", () => Object.keys(localStorage).every((key) => !key.startsWith("parlour")), undefined);
    }
    await visitor.open();
    await visitor.panel.see("textbox", "Your name (optional)");
    await visitor.panel.goneText("My secret question.");
  });

  // SITE-9
  test("a log-out on a page that is left at once ends the chat in the other tab and all it shows, and nobody later; with the network away it is done when that is back", { timeout: 180_000 }, async () => {
    const [server, browser, anna] = await Promise.all([stage.server({ name: "c" }), stage.browser("una", { thirdPartyStorage: storage }), stage.desk("anna-3")]);
    await anna.signIn(server.sign(0));
    await anna.ready();
    const one = new Visitor(await browser.page());
    const two = new Visitor(await browser.page());
    await one.visit(server.shop);
    await two.page.front();
    await two.come(server.shop, "Una Before");
    await two.send("My first secret.");
    await anna.rings();
    await anna.open();
    await two.sees("Anna has joined the chat.");
    await anna.send("What Anna knows of Una.");
    await two.sees("What Anna knows of Una.");
    await two.panel.type("textbox", "Message", "words that were not sent");

    await one.page.front();
    await one.page.evaluate(() => { location.href = "/delivery"; });
    await one.page.see("heading", /Delivery/);
    await logOut(one.page, "/cart"); // before its panel can have loaded
    await two.panel.until("nothing of the visitor is left in the other tab", (words: string[]) => {
      const all = [document.body.textContent, ...[...document.querySelectorAll<HTMLInputElement>("input, textarea")].map(({ value }) => value)].join("\n");
      return words.every((text) => !all.includes(text)) && document.querySelector("[role=log]")?.textContent === "";
    }, ["secret", "What Anna knows", "not sent", "Una Before"], { within: 1_500 });
    await anna.sees("Una Before ended the conversation.");
    await one.page.see("heading", "Your cart");
    await forgotten(one.page);

    // Somebody new at the same browser is nobody whom that log-out meant, on no page.
    await two.page.front();
    await two.send("Somebody new asks.");
    await anna.rings();
    await anna.open();
    await two.sees("Anna has joined the chat.");
    await one.page.front();
    await one.follow("Delivery");
    await one.sees("Somebody new asks.");
    await two.page.front();
    await two.follow("Delivery");
    await two.page.front();
    await two.sees("Anna has joined the chat.");
    await two.send("I am still here.");
    await anna.sees("I am still here.");

    await two.page.offline(true);
    await logOut(two.page);
    for (const tab of [one, two]) await tab.panel.goneText("Somebody new asks.");
    await two.page.screenshot("logged-out-offline");
    await two.page.offline(false);
    await anna.page.gone("textbox", "Message");
    await forgotten(two.page);
    await two.page.screenshot("logged-out");
  });
});

// VIS-4, COB-1, COB-2, S12: a consent and a call are of one tab, whoever opens others.
describe("a tab that the page opens", () => {
  const stage = new Stage("tabs-opened");

  test("neither takes the call nor is shown", { timeout: 180_000 }, async () => {
    const [red, blue] = [makeMedia("red", 440), makeMedia("blue", 880)];
    for (const files of [red, blue]) stage.keep({ close: () => Promise.resolve(files.remove()) });
    const [server, browser, page] = await Promise.all([
      stage.server(),
      stage.browser("vera", { camera: red.camera, microphone: red.microphone }),
      stage.page("anna", { camera: blue.camera, microphone: blue.microphone }),
    ]);
    const anna = new Desk(page);
    const one = new Visitor(await browser.page());
    const talk = new Talk(one, anna);
    await talk.begin(server, "Can you see my page?");
    await anna.startVideo();
    await one.allow();
    await one.seesAndHears("blue", 880);
    await talk.share();

    const two = new Visitor(await browser.opened(() => one.page.evaluate(() => { window.open("/delivery"); })));
    await two.sees("Can you see my page?");
    await two.sees("The call is not in this tab.");
    await two.sees(/can see your other tab/);
    await two.page.screenshot("second-tab");
    expect(await two.page.count("button", "Stop sharing"), "the second tab is not shown").toBe(0);
    expect(await two.panel.count("button", "Hang up"), "nor in the call").toBe(0);
    await anna.replica.see("heading", /Tea, and what it takes/);
    await one.seesAndHears("blue", 880);

    // The first tab goes on by itself on its next page, with both.
    await one.page.front();
    await one.follow("Delivery");
    await one.page.see("button", "Stop sharing");
    await one.seesAndHears("blue", 880);
    await anna.replica.see("heading", /Delivery/);
    await one.page.screenshot("first-tab-next-page");
    expect(await two.page.count("button", "Stop sharing"), "the second tab is not shown").toBe(0);
  });
});

// SITE-1, VIS-4: a site whose router puts another body in place of the one there was is a site like others.
describe("a page that replaces its body", () => {
  const stage = new Stage("tabs-body");

  test("keeps the widget, and the chat goes on", { timeout: 120_000 }, async () => {
    const [server, visitor, anna] = await Promise.all([stage.server(), stage.visitor("vera"), stage.desk("anna")]);
    await new Talk(visitor, anna).begin(server);
    await visitor.page.evaluate(() => {
      const next = document.createElement("body");
      next.innerHTML = "<h1>The next page</h1>";
      document.body.replaceWith(next);
    });
    await visitor.page.see("heading", "The next page");
    await visitor.sees("Anna has joined the chat.");
    await anna.send("From Assam.");
    await visitor.sees("From Assam.");
    await visitor.page.evaluate(() => { document.body.innerHTML = "<h1>The last page</h1>"; });
    await visitor.sees("From Assam.");
    await visitor.send("Thank you.");
    await anna.sees("Thank you.");
    await visitor.page.screenshot("another-body");
  });
});
