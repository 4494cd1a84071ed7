import { describe, expect, test } from "vitest";
import { Session, type ConversationID } from "../src/index.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeServer } from "./fake-server.ts";

const convs = [1, 2].map((n) => `01920000-0000-7000-8000-00000000000${n}` as ConversationID);

/** One run: both sides talk in two conversations over a bad way that also climbs and falls; then it heals. */
async function run(seed: number): Promise<void> {
  const clock = new FakeClock(seed);
  const server = new FakeServer(clock);
  const end = new AbortController();
  const session = new Session({
    clock,
    dialSocket: server.dialSocket,
    dialChannels: server.dialChannels,
    identity: () => ({ token: "token" }),
    side: "visitor",
    signal: end.signal,
  });
  const shown = new Map<ConversationID, number[]>();
  for (const conv of convs) {
    const seqs: number[] = [];
    shown.set(conv, seqs);
    session.log(conv).entries.subscribe((entries) => {
      for (const e of entries.slice(seqs.length)) seqs.push(e.seq);
    });
  }
  server.faults = { cut: 0.04, duplicate: 0.2, dropHint: 0.2, reorder: 0.3 };
  session.connection.connect();
  session.connection.climb();
  const mine = new Map<ConversationID, string[]>(convs.map((c) => [c, []]));
  for (let i = 0; i < 120; i++) {
    const conv = convs[Math.floor(clock.random() * 2)]!;
    const dice = clock.random();
    if (dice < 0.5) {
      mine.get(conv)!.push(`m${i}`);
      session.log(conv).post(`m${i}`);
    } else if (dice < 0.9) server.say(conv, `s${i}`);
    else if (server.primary) {
      if (dice < 0.95) server.primary.silent = true;
      else server.cut(server.primary);
    }
    await clock.pass(clock.random() * 150);
  }
  server.faults = { cut: 0, duplicate: 0, dropHint: 0, reorder: 0 };
  for (const conv of convs) server.say(conv, "last");
  await clock.pass(120_000);
  for (const conv of convs) {
    const truth = server.entries.get(conv)!;
    const log = session.log(conv);
    expect(log.entries.value, `D5, seed ${seed}`).toEqual(truth);
    expect(shown.get(conv), `D4, seed ${seed}`).toEqual(truth.map((e) => e.seq));
    expect(truth.filter((e) => e.author.kind === "visitor").map((e) => e.body.text), `D2 D13, seed ${seed}`).toEqual(mine.get(conv));
    expect(log.pending.value, `seed ${seed}`).toEqual([]);
  }
  expect(session.connection.state.value).toBe("live");
  end.abort();
}

describe("under cuts, silence, duplicates, reorder and lost hints", () => {
  test("every seq is shown once and in order, and both sides end with the same log (D2, D4, D5, D13)", async () => {
    for (let seed = 1; seed <= 60; seed++) await run(seed);
  });
});
