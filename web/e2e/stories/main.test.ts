import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { afterAll, afterEach, describe, expect, test } from "vitest";

import { Desk } from "../desk.ts";
import { Artifacts, openBrowser, until, type Browser, type BrowserOptions, type Page } from "../driver/index.ts";
import { makeMedia, seesMoving } from "../media.ts";
import { Server } from "../server.ts";
import { Visitor } from "../visitor.ts";

const control = "c0ntr0l-string"; // of the chat
const shown = "p4ge-c0ntr0l"; // of the page, and nowhere else
const card = "4111111111111111";
const code = "cvc-Zq4Xw7K"; // long enough that no id or clock holds it by chance
const password = "s3cret-of-vera";

// SITE-1, VIS-1..5, ROUTE-1..5, STATE-2, STATE-3, DESK-6, CALL-1, CALL-3, CALL-4, CALL-6, COB-1, COB-2, COB-5, COB-6, S12
describe.each<NonNullable<BrowserOptions["thirdPartyStorage"]>>(["refused", "allowed"])("from a question to a cleared card, third-party storage %s", (storage) => {
  const artifacts = new Artifacts(`main-${storage}`);
  const open: Browser[] = [];
  let server: Server | undefined;
  const pages: Page[] = [];
  let picture = 0;

  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await Promise.all(pages.map((one) => one.screenshot("failed").catch(() => undefined)));
  });
  afterAll(async () => {
    await Promise.all(open.map((one) => one.close().catch(() => undefined)));
    await server?.close();
  });

  test("one story", { timeout: 180_000 }, async () => {
    // The offer rings until somebody else has signed in, however long that takes on a machine that is busy.
    server = await Server.start({ artifacts, settings: { "routing.offer_timeout": "90s" } });
    const shot = async (name: string, desk: Desk, visitor: Visitor): Promise<void> => {
      picture += 1;
      const n = String(picture).padStart(2, "0");
      await desk.page.screenshot(`${n}-${name}-desk`);
      await visitor.page.screenshot(`${n}-${name}-visitor`);
    };
    const red = makeMedia("red", 440);
    const blue = makeMedia("blue", 880);
    const people = await Promise.all([
      openBrowser({ who: "visitor", artifacts, thirdPartyStorage: storage, camera: red.camera, microphone: red.microphone, wire: true }),
      openBrowser({ who: "anna", artifacts, camera: blue.camera, microphone: blue.microphone }),
      openBrowser({ who: "ben", artifacts, camera: blue.camera, microphone: blue.microphone, wire: true }),
    ]);
    open.push(...people);
    const [vera, one, two] = people;
    const visitor = new Visitor(await vera.page());
    const anna = new Desk(await one.page());
    const ben = new Desk(await two.page());

    pages.push(visitor.page, anna.page, ben.page);

    await anna.signIn(server.sign(0));
    await anna.ready();
    await visitor.visit(server.shop);
    await visitor.open();
    await visitor.send("Do you have green tea?");
    await anna.rings();
    await shot("offered", anna, visitor);
    await ben.signIn(server.sign(1));
    await anna.reject();
    await visitor.sees(/in line|next/i);
    await ben.ready();
    await ben.rings();
    await shot("offered-again", ben, visitor);
    await ben.open();
    await visitor.sees("Ben");
    await ben.send("Yes, three kinds.");
    await visitor.sees("Yes, three kinds.");
    await visitor.send("Lovely.");
    await ben.sees("Lovely.");
    await shot("talking", ben, visitor);

    // VIS-2: by DataChannels, with the WebSockets closed.
    const posts = await server.metric("parlour_frames_total", { transport: "dc", direction: "up", kind: "chat.post" });
    await until("every WebSocket is closed", async () => (await server?.metric("parlour_transports_open", { transport: "ws" })) === 0);
    await visitor.send("Do they keep in summer?");
    await ben.sees("Do they keep in summer?");
    await ben.send(`Cool and dark. ${control}`);
    await visitor.sees(new RegExp(control));
    expect(await server.metric("parlour_frames_total", { transport: "dc", direction: "up", kind: "chat.post" })).toBeGreaterThanOrEqual(posts + 2);
    expect(await server.metric("parlour_transports_open", { transport: "ws" })).toBe(0);

    await ben.startVideo();
    await shot("video-asked", ben, visitor);
    await visitor.allow();
    await visitor.seesAndHears("blue", 880);
    await ben.seesAndHears("red", 440);
    await shot("video", ben, visitor);
    expect(await server.metric("parlour_media_packets_forwarded_total")).toBeGreaterThan(100);

    await ben.cobrowse();
    await shot("cobrowse-asked", ben, visitor);
    await visitor.allow();
    await ben.seesOnPage("Tea, and what it takes");
    const changed = Date.now();
    await visitor.pageSays(`Only ${shown} left`);
    await ben.seesOnPage(new RegExp(shown));
    const seen = Date.now() - changed;
    console.log(`a change of the page was seen after ${seen} ms`);
    expect(seen).toBeLessThan(10_000); // the goal is a second; a loaded machine gets ten times that
    await shot("cobrowse", ben, visitor);
    for (const height of [667, 812]) {
      const page = await ben.pageOnPhone(375, height);
      expect.soft(page.height, `of ${height} px the page has`).toBeGreaterThanOrEqual(0.38 * height);
      expect.soft(page.cut, `what is cut off at ${height} px`).toEqual([]);
    }

    // The next page: chat, call and co-browse go on, and who was muted stays muted.
    await visitor.panel.click("button", "Mute");
    await ben.sees(/is muted$/);
    await visitor.page.open(`${server.shop}checkout`);
    await ben.seesOnPage("Checkout");
    await visitor.panel.see("button", "Unmute");
    await seesMoving(ben.page, "red");
    await ben.sees(/is muted$/);
    await visitor.panel.click("button", "Unmute");
    await ben.page.goneText(/is muted$/);
    await visitor.seesAndHears("blue", 880);
    await ben.seesAndHears("red", 440);
    await visitor.page.type("textbox", "Card number", card);
    await visitor.page.type("textbox", "Security code", code);
    await visitor.page.evaluate((text: string) => {
      const field = document.getElementById("password");
      if (field instanceof HTMLInputElement) {
        field.focus();
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else types from inside a page as a person does
        document.execCommand("insertText", false, text);
      }
    }, password);
    await visitor.pageSays(`Ready, ${shown}`);
    await ben.seesOnPage(new RegExp(`Ready, ${shown}`));
    await ben.replica.until("dots stand in the field that is being typed in", (dots: string) => document.querySelector<HTMLInputElement>("#password")?.value === dots, "••••••••");
    await visitor.send("I am at the checkout.");
    await ben.sees("I am at the checkout.");
    await shot("next-page", ben, visitor);

    // S12: neither card nor password is anywhere, whole or in pieces; the same search finds what was said and what was shown.
    const crossed = (page: Page, channel: (name: string) => boolean): string => page.wire.filter((one) => channel(one.channel)).map((one) => one.text).join("\n");
    const words = (name: string): boolean => name !== "cobrowse";
    const record = readdirSync(server.data).filter((name) => name.startsWith("parlour.db")).map((name) => readFileSync(join(server?.data ?? "", name), "latin1")).join("\n");
    const places: [place: string, text: string, holds: string][] = [
      ["the visitor's chat", crossed(visitor.page, words), control],
      ["the agent's chat", crossed(ben.page, words), control],
      ["the visitor's packets of the page", crossed(visitor.page, (name) => name === "cobrowse"), shown],
      ["the agent's packets of the page", crossed(ben.page, (name) => name === "cobrowse"), shown],
      ["the agent's documents", await ben.everything(), shown],
      ["the record", record, control],
    ];
    const secrets = [card, card.slice(0, 8), card.slice(8), "4111 1111", code, password, password.slice(0, 8)];
    for (const [place, text, holds] of places) {
      expect(text.includes(holds), `${place} holds ${holds}`).toBe(true);
      for (const secret of secrets) expect(text.includes(secret), `${place} holds ${secret}`).toBe(false);
    }

    await ben.end();
    await visitor.sees(/ended/i);
    await shot("wrap-up", ben, visitor);
    await anna.pause();
    await ben.clearCard();
    await visitor.panel.click("button", /new chat/i);
    await visitor.send("One more thing");
    await ben.rings();
    await shot("next-offer", ben, visitor);
  });
});
