import { describe, expect, test } from "vitest";

import { until, type Page } from "../driver/index.ts";
import { makeMedia } from "../media.ts";
import { startPair, type Sign } from "../server.ts";
import { Stage } from "../stage.ts";

/** An offer rings while other people come and write: for as long as that takes on a machine that is busy. */
const patient = { "routing.offer_timeout": "90s" };

/** The desk of another node: same people, other address. */
const at = (origin: string, sign: Sign): Sign => ({ ...sign, url: `${origin}/desk/` });

/** How many conversations a desk holds and is offered at once, by what it says itself: "Busy (2 of 4)". */
async function held(page: Page): Promise<{ used: number; most: number }> {
  const text = await page.evaluate(() => document.body.innerText);
  const [, used = "0", most = "4"] = /\((\d+) (?:of (\d+)|open)\)/.exec(text) ?? [];
  return { used: Number(used), most: Number(most) };
}

// Two nodes, one Redis, one PostgreSQL: R1, R7, ROUTE-1, CALL-1, CALL-3.
describe("visitor on one node, agent on the other", () => {
  const stage = new Stage("nodes");

  test("they chat and see each other; FLUSHALL loses nobody", { timeout: 240_000 }, async () => {
    const { a, b, redis } = stage.keep(await startPair(stage.artifacts, patient));
    const [red, blue] = [makeMedia("red", 440), makeMedia("blue", 880)];
    const [vera, will, zoe, anna] = await Promise.all([
      stage.visitor("vera", { camera: red.camera, microphone: red.microphone }),
      stage.visitor("will"),
      stage.visitor("zoe"),
      stage.desk("anna", { camera: blue.camera, microphone: blue.microphone }),
    ]);
    const annas = a.sign(0);

    await anna.signIn(at(b.origin, annas));
    await anna.ready();
    await vera.visit(a.shop);
    await vera.open();
    await vera.send("Do you have green tea?");
    await anna.rings();
    await anna.reject();
    await anna.rings({ within: 30_000 });
    await anna.open();
    await vera.sees(/Anna has joined/);
    await anna.send("Yes, three kinds.");
    await vera.sees("Yes, three kinds.");
    await vera.send("Lovely.");
    await anna.sees("Lovely.");
    const open = (node: typeof a): Promise<number> => node.metric("parlour_connections");
    expect([await open(a), await open(b)], "connections of node a and of node b").toEqual([1, 1]);

    await anna.startVideo();
    await vera.allow();
    await vera.seesAndHears("blue", 880, { within: 30_000 });
    await anna.seesAndHears("red", 440, { within: 30_000 });
    const forwarded = async (): Promise<number[]> => Promise.all([a, b].map((node) => node.metric("parlour_media_packets_forwarded_total")));
    const packets = await forwarded();
    console.log(`packets forwarded by node a and node b: ${packets.join(", ")}`);
    expect(Math.max(...packets)).toBeGreaterThan(100);
    await anna.page.screenshot("call-desk");
    await vera.page.screenshot("call-visitor");

    // A video call takes all of an agent, an audio call half: only the second leaves room for others (ROUTE-2).
    await anna.page.seeText(/^Full/);
    await anna.hangUp();
    await anna.startAudio();
    await vera.allow();
    await vera.hears(880, { within: 30_000 });
    await anna.hears(440, { within: 30_000 });

    // One is offered and one waits behind: Redis forgets everything.
    await will.visit(a.shop);
    await will.open();
    await will.send("Will asks");
    await anna.rings({ within: 30_000 });
    await zoe.visit(a.shop);
    await zoe.open();
    await zoe.send("Zoe asks");
    await zoe.sees(/in line/);
    expect(await anna.page.count("alertdialog", "Web chat")).toBe(1);
    redis.flushAll();
    const flushed = Date.now();

    await vera.send("Are you still there?");
    await anna.sees("Are you still there?");
    await anna.send("I am.");
    await vera.sees("I am.");
    console.log(`the running one talked on ${Date.now() - flushed} ms after FLUSHALL`);
    await anna.accept();
    await will.sees(/Anna has joined/);
    const freed = Date.now();
    await anna.rings({ within: 15_000 });
    console.log(`the waiting one was offered ${Date.now() - flushed} ms after FLUSHALL, ${Date.now() - freed} ms after the agent could`);
    expect(Date.now() - freed, "ms until the waiting one is offered").toBeLessThanOrEqual(10_000);
    await anna.offer.seeText("Zoe asks");
    await anna.accept();
    await zoe.sees(/Anna has joined/);
    await vera.hears(880, { within: 30_000 });
    await anna.hears(440, { within: 30_000 });
    expect(await held(anna.page)).toEqual({ used: 3, most: 4 });
    await anna.page.seeText(/^Full/); // a half and two quarters
    await vera.hangUp();

    // Full means full, also for a Redis that has forgotten what it reserved.
    const more = await Promise.all(["ulf", "tea"].map((who) => stage.visitor(who)));
    for (const [n, one] of more.entries()) {
      await one.visit(a.shop);
      await one.open();
      await one.send(`Late question ${n}`);
    }
    await anna.rings({ within: 30_000 });
    await anna.accept();
    await until("the fourth has joined", async () => (await held(anna.page)).used === 4);
    redis.flushAll();
    const again = Date.now();
    const [first, second] = more;
    if (first === undefined || second === undefined) throw new Error("two more visitors were asked for");
    await first.sees(/Anna has joined/);
    await second.sees("You are next in line");
    const offersOf = async (): Promise<number> => anna.page.count("alertdialog", "Web chat");
    // Through a whole rebuild and several sweeps nothing rings at the full desk.
    await until("six seconds have gone by", async () => {
      expect(await offersOf()).toBe(0);
      return Date.now() - again > 6_000;
    });
    expect(await held(anna.page)).toEqual({ used: 4, most: 4 });
    await second.sees("You are next in line");
    await first.end();
    await anna.page.screenshot("after-flush-desk");
  });
});
