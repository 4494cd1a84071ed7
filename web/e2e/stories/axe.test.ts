import { describe, expect, test } from "vitest";

import type { Desk } from "../desk.ts";
import { until } from "../driver/index.ts";
import { Inspection } from "../inspection.ts";
import { push, write } from "../keys.ts";
import { makeMedia } from "../media.ts";
import { Stage } from "../stage.ts";
import type { Visitor } from "../visitor.ts";

const longName = "Maximiliane-Konstantine von und zu Hohenlohe-Schillingsfürst, Bibliothekarin";
const longMessage = `${"Rhabarberbarbarabar".repeat(8)} and then some ordinary words, so that both have to break. ${"שלום עולם ".repeat(6)}`;

// DESK-6, VIS-1: what people with and without screen readers, on any screen, in any colours get.
describe("every screen", () => {
  const stage = new Stage("axe");

  test("axe finds nothing, nothing is wider than its window", { timeout: 420_000 }, async () => {
    const server = await stage.server();
    const [red, blue] = [makeMedia("red", 440), makeMedia("blue", 880)];
    const [visitor, anna] = await Promise.all([
      stage.visitor("visitor", { camera: red.camera, microphone: red.microphone }),
      stage.desk("anna", { camera: blue.camera, microphone: blue.microphone }),
    ]);
    const it = new Inspection();
    const both = async (name: string): Promise<void> => {
      await Promise.all([it.look(`${name}-visitor`, visitor.page, [visitor.page, visitor.panel]), it.look(`${name}-desk`, anna.page, [anna.page])]);
    };

    const sign = server.sign(0);
    await anna.page.open(sign.url);
    await anna.page.see("textbox", "E-mail");
    await visitor.visit(server.shop);
    await visitor.page.see("button", "Chat with us");
    await Promise.all([it.look("closed", visitor.page, [visitor.page]), it.look("sign-in", anna.page, [anna.page])]);
    await anna.signIn(sign);
    await visitor.open();
    await both("first-and-empty");
    await visitor.panel.type("textbox", "Your name (optional)", longName);
    await visitor.panel.type("textbox", "Message", longMessage);
    await visitor.panel.click("button", "Send");
    await visitor.sees("You are next in line");
    await it.look("waiting", visitor.page, [visitor.page, visitor.panel]);
    await anna.ready();
    await it.look("offer", anna.page, [anna.page], () => ringsLong(anna));
    await ringsLong(anna);
    await it.mirrored("offer", anna.page, anna.page);
    await ringsLong(anna);
    await anna.open();
    await visitor.sees(/has joined/);
    await anna.page.type("textbox", "Message", longMessage);
    await anna.page.click("button", "Send");
    await visitor.panel.see("button", "End chat");
    await both("active");
    await it.mirrored("active-visitor", visitor.page, visitor.panel);
    await it.mirrored("active-desk", anna.page, anna.page);

    await anna.startVideo();
    await visitor.panel.see("alertdialog", "Call request");
    await both("call-asked");
    await visitor.allow("Call request");
    await visitor.seesAndHears("blue", 880, { within: 30_000 });
    await anna.seesAndHears("red", 440, { within: 30_000 });
    await both("call");
    await anna.cobrowse();
    await visitor.panel.see("alertdialog", "Page sharing request");
    await it.look("cobrowse-asked", visitor.page, [visitor.page, visitor.panel]);
    await visitor.allow("Page sharing request");
    await anna.seesOnPage("Tea, and what it takes");
    await visitor.page.see("button", "Stop sharing");
    await both("call-and-cobrowse");
    await it.look("viewer", anna.page, [anna.viewer]);
    await anna.hangUp();
    await anna.page.gone("button", "Hang up");
    await both("cobrowse");
    await anna.end();
    await visitor.sees("This chat has ended.");
    await both("ended-and-wrap-up");

    console.log(`${it.screens} screens looked at`);
    expect(it.screens).toBeGreaterThanOrEqual(60);
    expect(it.wrong.join("\n")).toBe("");
  });
});

/** Waits for an offer that rings for ten more seconds, whatever rang out before it. */
async function ringsLong(desk: Desk): Promise<void> {
  await until("an offer with ten seconds left", async () => {
    if ((await desk.page.count("alertdialog", "Web chat")) === 0) {
      const paused = (await desk.page.count("alert", undefined)) > 0;
      if (paused) await desk.ready();
      return false;
    }
    const [, left] = /(\d+) s left/.exec(await desk.offer.read("timer")) ?? [];
    return Number(left) >= 10;
  }, 60_000);
}

// VIS-1, DESK-6: no pointer anywhere in this story.
describe("by keyboard alone", () => {
  const stage = new Stage("keyboard");

  test("visitor and agent talk, call, share and end", { timeout: 180_000 }, async () => {
    const server = await stage.server();
    const [red, blue] = [makeMedia("red", 440), makeMedia("blue", 880)];
    const seats: [Visitor, Desk] = await Promise.all([
      stage.visitor("visitor", { camera: red.camera, microphone: red.microphone }),
      stage.desk("anna", { camera: blue.camera, microphone: blue.microphone }),
    ]);
    const [visitor, anna] = seats;
    const sign = server.sign(0);
    await anna.page.open(sign.url);
    await anna.page.see("textbox", "E-mail");
    await write(anna.page, "E-mail", sign.email);
    await write(anna.page, "Password", sign.password);
    await anna.page.press("Enter");
    await anna.page.see("button", "Ready");
    await push(anna.page, "Ready");

    await visitor.visit(server.shop);
    await push(visitor.page, "Chat with us");
    await visitor.panel.see("textbox", "Message");
    await visitor.panel.until("the message box has the focus", () => document.activeElement?.id === "message", undefined);
    await visitor.page.press("Escape");
    await visitor.panel.until("the focus has left the panel", () => !document.hasFocus(), undefined);
    expect(await visitor.page.focused()).toBe('button "Chat with us"');
    await visitor.page.press("Enter");
    await write(visitor.page, "Message", "Do you have tea?");
    await visitor.page.press("Enter");
    await anna.rings();
    await push(anna.page, "Open");
    await anna.page.gone("alertdialog", "Web chat");
    await write(anna.page, "Message", "Yes.");
    await anna.page.press("Enter");
    await visitor.sees("Yes.");
    await write(visitor.page, "Message", "Lovely.");
    await push(visitor.page, "Send");
    await anna.sees("Lovely.");

    await push(anna.page, "Start video");
    await visitor.panel.see("alertdialog", "Call request");
    await push(visitor.page, "Don't allow");
    await visitor.sees("The call was declined.");
    await push(anna.page, "Start video");
    await visitor.panel.see("alertdialog", "Call request");
    await push(visitor.page, "Allow");
    await anna.seesAndHears("red", 440, { within: 30_000 });
    await push(visitor.page, "Mute");
    await visitor.panel.see("button", "Unmute");
    await push(visitor.page, "Hang up");
    await anna.page.gone("button", "Hang up");

    await push(anna.page, "Co-browse");
    await visitor.panel.see("alertdialog", "Page sharing request");
    await push(visitor.page, "Allow");
    await anna.seesOnPage("Tea, and what it takes");
    await push(visitor.page, "Stop sharing");
    await visitor.sees("Page sharing ended.");

    await push(anna.page, "Park");
    await push(anna.page, "Resume");
    await anna.page.see("button", "Park");
    await push(visitor.page, "End chat");
    await visitor.panel.see("alertdialog", "End this chat?");
    await push(visitor.page, "Keep chatting");
    await visitor.panel.gone("alertdialog", "End this chat?");
    await push(visitor.page, "End chat");
    await push(visitor.page, "Yes, end it");
    await visitor.sees("This chat has ended.");
    await push(anna.page, "Clear card");
    await anna.page.gone("button", "Clear card");

    // The next one is refused once, taken, and ended by the agent.
    await push(visitor.page, "Start a new chat");
    await write(visitor.page, "Message", "One more thing");
    await visitor.page.press("Enter");
    await anna.rings();
    await push(anna.page, "Reject");
    await anna.page.gone("alertdialog", "Web chat");
    await anna.rings({ within: 30_000 });
    await push(anna.page, "Accept");
    await anna.sees("One more thing");
    await push(anna.page, "End");
    await anna.page.see("button", "Clear card");
    await visitor.sees("This chat has ended.");
    await push(anna.page, "Clear card");
    await push(anna.page, "Pause");
    await anna.page.seeText(/^Not ready/);
  });
});
