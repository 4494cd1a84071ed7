import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { cuttable } from "../cuttable.ts";
import { until } from "../driver/index.ts";
import { makeMedia } from "../media.ts";
import type { Server } from "../server.ts";
import { Stage } from "../stage.ts";
import { inFlight, Talk, unanswered } from "../talk.ts";
import { Visitor } from "../visitor.ts";

/** How often it is killed: at least, and at most while no message was caught between the record and its ack. */
const kills = 3;
const mostKills = 10;

/** Whether a message stands in the files of the record. */
function recorded(server: Server, message: string): boolean {
  const text = readdirSync(server.data).filter((name) => name.startsWith("parlour.db")).map((name) => readFileSync(join(server.data, name), "latin1")).join("\n");
  return text.includes(`"${message}"`);
}

// COB-2, R7: nobody reloads anything, and no packet is lost that a gap could tell of: the server that comes back knows of no viewer.
describe("kill -9 of the server while a page is shared", () => {
  const stage = new Stage("kill-cobrowse");

  test("the agent goes on seeing the page, what changed while the server was away and what changes after", { timeout: 240_000 }, async () => {
    const server = await stage.server({});
    const [visitor, anna] = await Promise.all([stage.visitor("visitor"), stage.desk("anna")]);
    const talk = new Talk(visitor, anna);
    await talk.begin(server);
    await talk.share();
    await visitor.pageSays("Before the kill");
    await anna.seesOnPage("Before the kill");

    for (const kill of [1, 2]) {
      await server.kill();
      await visitor.pageSays(`Changed while it was away, ${kill}`);
      const killed = Date.now();
      await server.start();
      await anna.seesOnPage(`Changed while it was away, ${kill}`, { within: 45_000 });
      console.log(`kill ${kill}: the agent sees the page of now ${Date.now() - killed} ms after the kill`);
      await visitor.pageSays(`Changed after the kill, ${kill}`);
      await anna.seesOnPage(`Changed after the kill, ${kill}`, { within: 10_000 });
    }
    await anna.page.screenshot("after-kills-desk");
  });
});

// CALL-3, CALL-6, R7: nobody touches anything. What a side last saw may stand still for as long as browsers take to notice.
describe("a call whose server is killed, and then stopped and started as by an upgrade", () => {
  const stage = new Stage("kill-call");

  test("comes back by itself in the tabs that have it", { timeout: 300_000 }, async () => {
    const [red, blue] = [makeMedia("red", 440), makeMedia("blue", 880)];
    const server = await stage.server({});
    const [visitor, anna] = await Promise.all([
      stage.visitor("visitor", { camera: red.camera, microphone: red.microphone }),
      stage.desk("anna", { camera: blue.camera, microphone: blue.microphone }),
    ]);
    await new Talk(visitor, anna).begin(server);
    await anna.startVideo();
    await visitor.allow();
    for (const end of ["kill -9", "SIGTERM"]) {
      await Promise.all([visitor.seesAndHears("blue", 880), anna.seesAndHears("red", 440)]);
      await (end === "SIGTERM" ? server.stop() : server.kill());
      const gone = Date.now();
      await server.start();
      await until("the server forwards again", async () => (await server.metric("parlour_media_packets_forwarded_total")) > 200, 60_000);
      await Promise.all([visitor.seesAndHears("blue", 880, { within: 30_000 }), anna.seesAndHears("red", 440, { within: 30_000 })]);
      console.log(`${end}: both see and hear each other again ${Date.now() - gone} ms after it`);
      expect(await anna.page.count("button", "Take the call here")).toBe(0);
    }
    await anna.page.screenshot("call-after-kills-desk");
    await visitor.page.screenshot("call-after-kills-visitor");
    red.remove();
    blue.remove();
  });
});

// COB-2, COB-6, R7: a page in the background tells nothing of itself, and is there all the same. In Firefox, whose tabs are
// in the background for their pages too when another one is in front.
describe("kill -9 of the server while the shared page is in the background", () => {
  const stage = new Stage("kill-background");
  const grace = 8_000;

  test("sharing goes on, longer than a page may be gone, and the agent sees it change when it is in front again", { timeout: 240_000 }, async () => {
    const server = await stage.server({ settings: { "cobrowse.page_grace": `${grace / 1_000}s` } });
    const browser = await stage.browser("visitor", { kind: "firefox" });
    const visitor = new Visitor(await browser.page());
    const anna = await stage.desk("anna");
    const shown = (): Promise<DocumentVisibilityState> => visitor.page.evaluate(() => document.visibilityState);
    const talk = new Talk(visitor, anna);
    await talk.begin(server);
    await talk.share();

    const other = await browser.page();
    await other.front();
    await until("the shared page is in the background", async () => (await shown()) === "hidden");
    await visitor.pageSays("Changed in the background");
    await server.kill();
    await server.start();
    const back = Date.now();
    await anna.seesOnPage("Changed in the background", { within: 45_000 });
    console.log(`the agent sees the page in the background ${Date.now() - back} ms after the server is ready`);
    await until("a page that was gone would have ended it", () => Promise.resolve(Date.now() - back > 2 * grace), 3 * grace);
    expect(await shown()).toBe("hidden");
    expect(await anna.page.count("button", "Stop")).toBe(1);
    await anna.page.screenshot("in-the-background-desk");

    await visitor.page.front();
    await until("the shared page is in front", async () => (await shown()) === "visible");
    await visitor.page.see("button", "Stop sharing");
    await visitor.pageSays("In front again");
    await anna.seesOnPage("In front again", { within: 10_000 });
  });
});

// D1, D2, D3, D13, R7: the server is killed while both write; nobody reloads anything.
describe("kill -9 of the server under traffic", () => {
  const stage = new Stage("kill");

  test("both sides go on by themselves; nothing acknowledged is lost, doubled or out of order", { timeout: 400_000 }, async () => {
    const { proxy, server, visitor, anna, talk, open } = await cuttable(stage);
    const sides = [visitor.page, anna.page];
    await talk.begin(server);
    await talk.exchange(2);
    await talk.complete();
    const loads = await Promise.all([visitor.panel, anna.page].map((one) => one.evaluate(() => performance.timeOrigin)));

    // A message at the moment of a kill is unread by the server, read and not stored, or stored and not acknowledged. A
    // server that is stopped before it is killed has most of what is in flight unread; the last case, which alone can double a
    // message, is made by a kill after acks were kept from coming down, once a message is in the record whose ack is not there.
    let caught: string[] = [];
    for (let kill = 1; kill <= kills || (caught.length === 0 && kill <= mostKills); kill += 1) {
      const catching = caught.length === 0;
      // Who changes transports holds messages back, and has none in flight: a kill in between would show nothing.
      await until("both are on DataChannels, whose acks can be kept back", async () => (await open("dc")) === 2 && (await open("ws")) === 0, 90_000);
      const { pid } = server;
      let killed = 0;
      let back: Promise<void> | undefined;
      const stored = (): string[] => sides.flatMap((page) => unanswered(page)).filter((message) => recorded(server, message));
      const restart = async (): Promise<void> => {
        // Whoever waits 1.5 s for an ack goes on by WebSocket, and is answered there: the stop comes before. What was not caught, the next kill tries again.
        if (catching) await until("a message is stored and not acknowledged", () => Promise.resolve(stored().length > 0), 1_000).catch(() => undefined);
        // Stopped first, so that what both send now is surely in flight when the kill comes.
        process.kill(pid, "SIGSTOP");
        // An ack that was on its way when the server stopped may still arrive: what counts is what stays unanswered.
        let looks = 0;
        await until("each side has something in flight, and no ack comes any more", () => {
          looks = inFlight(visitor.page) > 0 && inFlight(anna.page) > 0 ? looks + 1 : 0;
          return Promise.resolve(looks >= 10);
        });
        await server.kill();
        killed = Date.now();
        if (catching) caught = stored();
        const flying = sides.map((page) => inFlight(page));
        console.log(`kill ${kill}: ${flying.join(" and ")} messages of visitor and agent in flight${catching ? `, stored already: ${caught.join(", ")}` : ""}`);
        expect(Math.min(...flying)).toBeGreaterThanOrEqual(1);
        proxy.heal();
        await server.start();
        const ready = Date.now();
        await until("both are connected again", async () => (await server.metric("parlour_frames_total", { direction: "up", kind: "chat.post" })) >= 2 && (await server.metric("parlour_connections")) >= 2);
        console.log(`kill ${kill}: the server was ready after ${ready - killed} ms, both wrote again ${Date.now() - ready} ms later`);
      };
      const third = talk.said + 3;
      await talk.exchange(catching ? 20 : 8, (n) => {
        if (n !== third) return;
        if (catching) proxy.cut("down");
        back = restart();
        back.catch(() => undefined); // awaited below; it must not be an unhandled one until then
      });
      expect(back).toBeDefined();
      await back;
      await talk.complete(45_000);
      await talk.settled();
      console.log(`kill ${kill}: all ${talk.said} messages of each side are on both, ${Date.now() - killed} ms after the kill`);
    }
    expect(caught, "messages that were stored and not acknowledged when the server was killed").not.toEqual([]);

    expect(await Promise.all([visitor.panel, anna.page].map((one) => one.evaluate(() => performance.timeOrigin))), "no page was loaded again").toEqual(loads);
    await visitor.page.screenshot("after-kills-visitor");
    await anna.page.screenshot("after-kills-desk");

    // What the record holds is what new pages are given.
    await anna.page.reload();
    await visitor.visit(`${server.shop}cart`);
    await talk.complete();
    await talk.exchange(2);
    await talk.complete();
    await anna.end();
    await visitor.sees("This chat has ended.");
    await anna.clearCard();
    await anna.page.gone("button", "Clear card");
  });
});
