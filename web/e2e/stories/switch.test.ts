import { describe, expect, test } from "vitest";

import { cuttable } from "../cuttable.ts";
import { until } from "../driver/index.ts";
import { Stage } from "../stage.ts";
import { inFlight } from "../talk.ts";

// D2, D4, D5, D13, VIS-2: the way breaks in silence while both write.
describe("when DataChannels break in mid-conversation", () => {
  const stage = new Stage("switch");

  test("it goes on by WebSocket and climbs again; nothing is lost or doubled", { timeout: 240_000 }, async () => {
    const { proxy, server, visitor, anna, talk, open, posts } = await cuttable(stage);
    const climbed = (within: number): Promise<boolean> => until("both are on DataChannels and no WebSocket is open", async () => (await open("dc")) === 2 && (await open("ws")) === 0, within);

    await talk.begin(server);
    await climbed(20_000);
    await talk.exchange(5);
    await talk.complete();
    expect(await posts("dc")).toBeGreaterThanOrEqual(10);
    const byChannel = await posts("dc");
    const bySocket = await posts("ws");

    // Fifty each way. After the tenth nothing comes down any more, so that messages are stored whose acks are lost; soon
    // nothing goes up either; the way is there again after the fortieth, once some of what waited has gone by WebSocket.
    let cutAt = 0;
    let healed: Promise<void> | undefined;
    const heal = async (): Promise<void> => {
      await until("twenty messages have gone by WebSocket", async () => (await posts("ws")) - bySocket >= 20, 30_000);
      console.log(`healed after ${Date.now() - cutAt} ms, ${proxy.lost} packets lost`);
      proxy.heal();
    };
    await talk.exchange(50, (n) => {
      if (n === 15) {
        proxy.cut("down");
        cutAt = Date.now();
        console.log(`cut with ${inFlight(visitor.page)} of the visitor and ${inFlight(anna.page)} of the agent in flight`);
      }
      if (n === 20) proxy.cut();
      if (n === 45) {
        healed = heal();
        healed.catch(() => undefined); // awaited below; it must not be an unhandled one until then
      }
    });
    await healed;
    await talk.complete();
    await talk.settled();
    const [overSocket, overChannel] = [(await posts("ws")) - bySocket, (await posts("dc")) - byChannel];
    console.log(`100 messages, all there ${Date.now() - cutAt} ms after the cut: ${overSocket} posts by WebSocket, ${overChannel} by DataChannel, so ${overSocket + overChannel - 100} came twice`);
    expect(proxy.lost).toBeGreaterThan(0);
    expect(overSocket + overChannel, "posts that reached the server, among them some whose ack was lost").toBeGreaterThan(100);
    await visitor.page.screenshot("after-cut-visitor");
    await anna.page.screenshot("after-cut-desk");

    await climbed(90_000);
    console.log(`climbed again ${Date.now() - cutAt} ms after the cut`);
    const again = await posts("dc");
    await talk.exchange(5);
    await talk.complete();
    // All ten on a machine with time; one that stalls for 1.5 s goes on by WebSocket, as it should.
    expect(await posts("dc")).toBeGreaterThan(again);

    // What the record holds is what new pages are given: the same once more.
    await anna.page.reload();
    await visitor.visit(`${server.shop}cart`);
    await talk.complete();
  });
});
