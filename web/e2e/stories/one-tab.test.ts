import { describe, expect, test } from "vitest";

import { Desk } from "../desk.ts";
import { makeMedia } from "../media.ts";
import { Stage } from "../stage.ts";
import { Talk } from "../talk.ts";
import { Visitor } from "../visitor.ts";

// COB-1, COB-2, CALL-6, S12: a consent and a call are of one tab. Its storage is copied for a tab that is doubled, or opened
// with an opener, and between two pages of ours what is the tab's lies there: no other tab may take it from there.
describe("a tab that is in a call and shared, and goes away from the widget", () => {
  const stage = new Stage("one-tab");

  test("leaves nothing that another tab could take", { timeout: 240_000 }, async () => {
    const [red, blue] = [makeMedia("red", 440), makeMedia("blue", 880)];
    for (const files of [red, blue]) stage.keep({ close: () => Promise.resolve(files.remove()) });
    const [server, browser, page] = await Promise.all([
      stage.server({ settings: { "cobrowse.page_grace": "5s" } }),
      stage.browser("vera", { camera: red.camera, microphone: red.microphone, doubles: true }),
      stage.page("anna", { camera: blue.camera, microphone: blue.microphone }),
    ]);
    const anna = new Desk(page);
    const one = new Visitor(await browser.page());
    const goes = (who: Visitor, to: string): Promise<void> => who.page.evaluate((it: string) => { setTimeout(() => { location.href = it; }); }, to);
    const alone = async (who: Visitor, picture: string): Promise<void> => {
      await who.sees("Can you see my page?");
      await who.sees("The call is not in this tab.");
      await who.page.screenshot(picture);
      expect(await who.page.count("button", "Stop sharing"), "it is not shown").toBe(0);
      expect(await who.panel.count("button", "Hang up"), "nor in the call").toBe(0);
    };
    const talk = new Talk(one, anna);
    await talk.begin(server, "Can you see my page?");
    await anna.startVideo();
    await one.allow();
    await one.seesAndHears("blue", 880);
    await talk.share();

    // The tab itself, doubled: the double is a tab of its own.
    const twin = new Visitor(await browser.doubled(one.page));
    await alone(twin, "doubled");
    await twin.page.close();
    await one.page.front();
    await one.seesAndHears("blue", 880);

    // At another site, from where a double and a window with an opener come to the shop.
    await goes(one, `${server.origin}/livez`);
    await one.page.until("the other site", () => location.pathname === "/livez", undefined);
    const double = new Visitor(await browser.doubled(one.page));
    const child = new Visitor(await browser.opened(() => one.page.evaluate(() => { window.open("/livez"); })));
    for (const [who, picture] of [[double, "doubled-elsewhere"], [child, "opened-elsewhere"]] as const) {
      await who.page.until("the other site", () => location.pathname === "/livez", undefined);
      await goes(who, `${server.shop}delivery`);
      await alone(who, picture);
      await who.page.close();
    }

    // The tab itself is back: the call is one click away, and sharing is asked for again.
    await anna.sees(/Page sharing ended/);
    await one.page.front();
    await one.page.evaluate(() => { setTimeout(() => { history.back(); }); });
    await alone(one, "back");
    await one.panel.click("button", "Bring it here");
    await one.seesAndHears("blue", 880);
    await talk.share();

    // On a page of the shop without the widget, from where one is opened, and a double goes back.
    await goes(one, `${server.shop}assets/`);
    await one.page.until("a page without the widget", () => location.pathname === "/assets/", undefined);
    const opened = new Visitor(await browser.opened(() => one.page.evaluate(() => { window.open("/delivery"); })));
    await alone(opened, "opened-from-a-page-in-between");
    await opened.page.close();
    await one.page.front();
    const back = new Visitor(await browser.doubled(one.page));
    await back.page.until("a page without the widget", () => location.pathname === "/assets/", undefined);
    await back.page.evaluate(() => { setTimeout(() => { history.back(); }); });
    await alone(back, "doubled-and-back");
    await anna.sees(/Page sharing ended/);
  });
});
