import { describe, expect, test } from "vitest";

import { until } from "../driver/index.ts";
import { Stage } from "../stage.ts";
import { inFlight, Talk } from "../talk.ts";

const kills = 3;

// D1, D2, D3, D13, R7: the server is killed while both write; nobody reloads anything.
describe("kill -9 of the server under traffic", () => {
  const stage = new Stage("kill");

  test("both sides go on by themselves; nothing acknowledged is lost, doubled or out of order", { timeout: 240_000 }, async () => {
    const server = await stage.server({ settings: { "limits.messages_per_minute_per_visitor": "6000" } });
    const [visitor, anna] = await Promise.all([stage.visitor("visitor", { wire: true }), stage.desk("anna", { wire: true })]);
    const talk = new Talk(visitor, anna);
    await talk.begin(server);
    await talk.exchange(2);
    await talk.complete();
    const loads = await Promise.all([visitor.panel, anna.page].map((one) => one.evaluate(() => performance.timeOrigin)));

    for (let kill = 1; kill <= kills; kill += 1) {
      // Stopped first, so that what both send now is surely between the send and its ack when the kill comes.
      const { pid } = server;
      let killed = 0;
      let back: Promise<void> | undefined;
      const restart = async (): Promise<void> => {
        // An ack that was on its way when the server stopped may still arrive: what counts is what stays unanswered.
        let looks = 0;
        await until("each side has something in flight, and no ack comes any more", () => {
          looks = inFlight(visitor.page) > 0 && inFlight(anna.page) > 0 ? looks + 1 : 0;
          return Promise.resolve(looks >= 10);
        });
        await server.kill();
        killed = Date.now();
        const flying = [inFlight(visitor.page), inFlight(anna.page)];
        console.log(`kill ${kill}: ${flying.join(" and ")} messages of visitor and agent in flight`);
        expect(Math.min(...flying)).toBeGreaterThanOrEqual(1);
        await server.start();
        const ready = Date.now();
        await until("both are connected again", async () => (await server.metric("parlour_frames_total", { direction: "up", kind: "chat.post" })) >= 2 && (await server.metric("parlour_connections")) >= 2);
        console.log(`kill ${kill}: the server was ready after ${ready - killed} ms, both wrote again ${Date.now() - ready} ms later`);
      };
      const third = talk.said + 3;
      await talk.exchange(8, (n) => {
        if (n !== third) return;
        process.kill(pid, "SIGSTOP");
        back = restart();
        back.catch(() => undefined); // awaited below; it must not be an unhandled one until then
      });
      expect(back).toBeDefined();
      await back;
      await talk.complete(45_000);
      await talk.settled();
      console.log(`kill ${kill}: all ${talk.said} messages of each side are on both, ${Date.now() - killed} ms after the kill`);
    }

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
