import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Refusal, Session, type ConversationID, type Kept } from "../src/index.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeServer } from "./fake-server.ts";

const conv = "01920000-0000-7000-8000-000000000001" as ConversationID;
let clock: FakeClock;
let server: FakeServer;
let end: AbortController;
let kept: Kept[];

function session(options: { kept?: Kept[] } = {}): Session {
  return new Session({
    clock,
    dialSocket: server.dialSocket,
    dialChannels: server.dialChannels,
    identity: () => ({ token: "token" }),
    side: "visitor",
    signal: end.signal,
    keep: (now) => (kept = now),
    ...options,
  });
}

async function live(options: { kept?: Kept[] } = {}): Promise<Session> {
  const s = session(options);
  s.connection.connect();
  await clock.pass(100);
  expect(s.connection.state.value).toBe("live");
  return s;
}

beforeEach(() => {
  clock = new FakeClock(7);
  server = new FakeServer(clock);
  end = new AbortController();
  kept = [];
});
afterEach(() => end.abort());

describe("a page that goes away", () => {
  test("closes every way at once, DataChannels too, and dials no new one", async () => {
    const s = await live();
    s.connection.climb();
    await clock.pass(200);
    expect(s.connection.transport.value).toBe("dc");
    s.connection.leave();
    expect(server.links.map((l) => l.open)).toEqual([false, false]);
    s.connection.nudge();
    await clock.pass(60_000);
    expect(server.links.length).toBe(2);
    expect(s.connection.transport.value).toBeUndefined();
  });

  test("gives a climb up that is on its way", async () => {
    const s = await live();
    s.connection.climb();
    await clock.pass(30);
    s.connection.leave();
    expect(server.links.map((l) => [l.kind, l.open])).toEqual([["ws", false], ["dc", false]]);
  });

  test("that the browser put aside goes on with its connection when it comes back, and loses nothing that was said", async () => {
    const s = await live();
    s.connection.climb();
    await clock.pass(200);
    s.connection.leave();
    s.log(conv).post("said while away");
    await clock.pass(5_000);
    expect(server.entries.get(conv) ?? []).toEqual([]);
    s.connection.back();
    s.connection.back();
    await clock.pass(500);
    expect(s.connection.state.value).toBe("live");
    expect(server.heard.filter((h) => h.frame.kind === "connection.hello").at(-1)?.frame.body).toMatchObject({ secret: "secret" });
    expect(server.entries.get(conv)?.length).toBe(1);
    expect(s.connection.transport.value).toBe("dc");
  });

  test("does nothing to a connection that was never asked for, was refused, or has ended", async () => {
    const s = session();
    s.connection.leave();
    s.connection.back();
    await clock.pass(1_000);
    expect(server.links).toEqual([]);
    s.connection.connect();
    await clock.pass(100);
    end.abort();
    s.connection.leave();
    s.connection.back();
    await clock.pass(1_000);
    expect(s.connection.state.value).toBe("closed");
    expect(server.links.length).toBe(1);
  });
});

describe("the ladder", () => {
  test("begins with a WebSocket, says hello first, and learns who we are", async () => {
    const s = await live();
    expect(s.connection.transport.value).toBe("ws");
    expect(server.heard[0]?.frame.kind).toBe("connection.hello");
    expect(s.connection.welcome.value?.secret).toBe("secret");
  });

  test("climbs to DataChannels, resumes there, and leaves the WebSocket", async () => {
    const s = await live();
    s.connection.climb();
    await clock.pass(200);
    expect(s.connection.transport.value).toBe("dc");
    expect(server.heard.filter((h) => h.via === "dc")[0]?.frame.kind).toBe("connection.resume");
    expect(server.links.map((l) => l.open)).toEqual([false, true]);
    s.log(conv).post("hi");
    await clock.pass(500);
    expect(server.heard.at(-1)).toMatchObject({ via: "dc", frame: { kind: "chat.mark" } });
    expect(server.heard.filter((h) => h.frame.kind === "chat.post").map((h) => h.via)).toEqual(["dc"]);
  });

  test("does not climb where the server has no port, nor unasked", async () => {
    server.dataChannels = false;
    const s = await live();
    s.connection.climb();
    await clock.pass(5_000);
    expect(server.links.every((l) => l.kind === "ws")).toBe(true);
  });

  test("goes back to a WebSocket when a command is unanswered for 1.5 s, and sends it there again", async () => {
    const s = await live();
    s.connection.climb();
    await clock.pass(200);
    const dc = server.links[1]!;
    dc.silent = true;
    const sent = s.connection.command("chat.post", { conversation: conv, text: "over" });
    await clock.pass(1_400);
    expect(s.connection.transport.value).toBe("dc");
    await clock.pass(600);
    expect(s.connection.transport.value).toBe("ws");
    expect((await sent).seq).toBe(1);
    expect(server.entries.get(conv)?.length).toBe(1);
  });

  test("goes back when the channel closes, then climbs again later, each failure waiting longer", async () => {
    const s = await live();
    s.connection.climb();
    await clock.pass(200);
    server.cut(server.links[1]!);
    await clock.pass(100);
    expect(s.connection.transport.value).toBe("ws");
    server.acceptChannels = false;
    await clock.pass(60_000);
    const tries = server.links.filter((l) => l.kind === "dc").length;
    expect(tries).toBeGreaterThanOrEqual(3);
    expect(tries).toBeLessThanOrEqual(8);
    expect(s.connection.state.value).toBe("live");
    server.acceptChannels = true;
    await clock.pass(130_000);
    expect(s.connection.transport.value).toBe("dc");
  });

  test("a switch while commands are under way loses none and repeats none (D2, D13)", async () => {
    const s = await live();
    const log = s.log(conv);
    for (let i = 0; i < 5; i++) log.post(`a${i}`);
    s.connection.climb();
    for (let i = 0; i < 200; i++) {
      if (i % 20 === 0) log.post(`b${i}`);
      await clock.pass(1);
    }
    await clock.pass(1_000);
    const said = server.entries.get(conv)?.map((e) => e.body.text);
    expect(said).toEqual(["a0", "a1", "a2", "a3", "a4", ...Array.from({ length: 10 }, (_, i) => `b${i * 20}`)]);
    expect(log.entries.value.map((e) => e.body.text)).toEqual(said);
    expect(log.pending.value).toEqual([]);
    expect(server.links.length, "it never had to fall back").toBe(2);
  });

  test("what had no answer when the WebSocket was left goes out again at once", async () => {
    const s = await live();
    s.connection.climb();
    await clock.pass(62);
    for (let i = 0; i < 8; i++) void s.connection.command("chat.end", { conversation: `01920000-0000-7000-8000-00000000001${i}` as ConversationID });
    await clock.pass(200);
    expect(s.connection.kept).toEqual([]);
    expect(server.links.length).toBe(2);
  });
});

describe("coming back", () => {
  test("the waits grow from 0.3 to 10 s with jitter; offline is told after 10 s", async () => {
    const s = await live();
    server.accept = false;
    server.cut(server.links[0]!);
    expect(s.connection.state.value).toBe("reconnecting");
    const before = server.links.length;
    await clock.pass(10_000);
    expect(server.links.length - before).toBeGreaterThanOrEqual(5);
    await clock.pass(20_000);
    expect(s.connection.state.value).toBe("offline");
    const middle = server.links.length;
    await clock.pass(60_000);
    expect(server.links.length - middle).toBeGreaterThanOrEqual(5);
    expect(server.links.length - middle).toBeLessThanOrEqual(13);
    server.accept = true;
    await clock.pass(10_100);
    expect(s.connection.state.value).toBe("live");
  });

  test("a nudge tries at once", async () => {
    const s = await live();
    server.accept = false;
    server.cut(server.links[0]!);
    await clock.pass(60_000);
    server.accept = true;
    s.connection.nudge();
    await clock.pass(40);
    expect(s.connection.state.value).toBe("live");
  });

  test("a silent link is given up after 25 s", async () => {
    const s = await live();
    server.links[0]!.silent = true;
    await clock.pass(31_000);
    expect(server.links.length).toBe(2);
    expect(s.connection.state.value).toBe("live");
  });

  test("a ping is answered", async () => {
    await live();
    server.send(server.links[0]!, { kind: "connection.ping", body: {} });
    await clock.pass(50);
    expect(server.heard.at(-1)?.frame.kind).toBe("connection.pong");
  });

  test("move: connects anew after a while and goes on", async () => {
    const s = await live();
    server.send(server.links[0]!, { kind: "connection.move", body: { afterMs: 2_000 } });
    await clock.pass(3_000);
    expect(server.links.length).toBe(2);
    expect(s.connection.state.value).toBe("live");
  });

  test("another epoch: the logs are read again, the outbox stays (D12)", async () => {
    const s = await live();
    const log = s.log(conv);
    server.say(conv, "one");
    server.say(conv, "two");
    await clock.pass(50);
    expect(log.shown).toBe(2);
    server.entries.set(conv, []);
    server.epoch = "epoch-2";
    server.accept = false;
    server.cut(server.links[0]!);
    log.post("kept");
    server.accept = true;
    await clock.pass(5_000);
    expect(log.entries.value.map((e) => e.body.text)).toEqual(["kept"]);
  });

  test("an older copy of the same record: what it does not have is not shown any more, what comes is (D12)", async () => {
    const s = await live();
    const log = s.log(conv);
    for (const text of ["one", "two", "three"]) server.say(conv, text);
    await clock.pass(50);
    server.entries.set(conv, server.entries.get(conv)!.slice(0, 1));
    server.cut(server.primary!);
    await clock.pass(5_000);
    expect(log.entries.value.map((e) => e.body.text)).toEqual(["one"]);
    log.post("mine");
    server.say(conv, "theirs");
    await clock.pass(5_000);
    expect(log.entries.value.map((e) => e.body.text).sort()).toEqual(["mine", "one", "theirs"]);
    expect(log.pending.value).toEqual([]);
  });

  test("a late answer that knows less than the page is no older record", async () => {
    const s = await live();
    const log = s.log(conv);
    server.say(conv, "one");
    server.say(conv, "two");
    await clock.pass(50);
    const asked = server.heard.length;
    server.send(server.primary!, { kind: "chat.entries", body: { conversation: conv, entries: server.entries.get(conv)!.slice(0, 1), last: 1 } });
    await clock.pass(5_000);
    expect(log.shown).toBe(2);
    expect(server.heard.slice(asked).filter((h) => h.frame.kind === "chat.since")).toEqual([]);
  });

  test("two drops in a row without traffic replay nothing (D6)", async () => {
    const s = await live();
    const log = s.log(conv);
    log.post("once");
    await clock.pass(100);
    for (let i = 0; i < 2; i++) {
      server.cut(server.primary!);
      await clock.pass(2_000);
    }
    expect(server.heard.filter((h) => h.frame.kind === "chat.post").length).toBe(1);
    expect(log.entries.value.length).toBe(1);
  });

  test("an unknown token is refused for good, and is told", async () => {
    const s = session();
    s.connection.connect();
    await clock.pass(6);
    server.links[0]!.silent = true;
    const hello = await new Promise<string>((resolve) => {
      server.links[0]!.silent = false;
      void clock.pass(20).then(() => resolve(server.heard[0]?.frame.op ?? ""));
    });
    expect(hello).not.toBe("");
    const other = session();
    const dial = server.dialSocket;
    server.dialSocket = (events) => {
      const t = dial(events);
      clock.after(8, () => events.text(JSON.stringify({ kind: "error", body: { code: "unauthenticated", message: "Please sign in." } })));
      return t;
    };
    const refused = new Session({ clock, dialSocket: server.dialSocket, identity: () => ({}), side: "agent", signal: end.signal });
    server.links.length = 0;
    refused.connection.connect();
    clock.after(6, () => (server.links[0]!.silent = true));
    await clock.pass(30_000);
    expect(refused.connection.state.value).toBe("refused");
    expect(refused.connection.refused.value?.code).toBe("unauthenticated");
    expect(server.links.length).toBe(1);
    expect(other.connection.state.value).toBe("idle");
  });
});

describe("commands", () => {
  test("kept until answered, in storage too, and sent by the next page under the same op", async () => {
    server.accept = false;
    const s = session();
    s.connection.connect();
    s.log(conv).post("unsent");
    await clock.pass(100);
    expect(kept.map((k) => k.kind)).toEqual(["chat.post"]);
    const stored = JSON.parse(JSON.stringify(kept)) as Kept[];
    end.abort();
    end = new AbortController();
    server.accept = true;
    const next = await live({ kept: stored });
    await clock.pass(200);
    expect(server.entries.get(conv)?.map((e) => [e.body.text, e.op])).toEqual([["unsent", stored[0]?.op]]);
    expect(next.log(conv).pending.value).toEqual([]);
    expect(kept).toEqual([]);
  });

  test("what may succeed later is tried again and keeps its place (D13)", async () => {
    const s = await live();
    server.refusals.set("first", { code: "unavailable", retry: true, times: 2 });
    const log = s.log(conv);
    log.post("first");
    log.post("second");
    await clock.pass(10_000);
    expect(server.entries.get(conv)?.map((e) => e.body.text)).toEqual(["first", "second"]);
  });

  test("a message waits for as long as the server cannot keep it; what belongs to the page is given up", async () => {
    const s = await live();
    server.refusals.set("patient", { code: "unavailable", retry: true, times: 40 });
    s.log(conv).post("patient");
    server.refusedKinds.set("offer.accept", { code: "unavailable", message: "Not now.", retry: true });
    const accepted = s.connection.command("offer.accept", { offer: "o" as never });
    accepted.catch(() => undefined);
    await clock.pass(120_000);
    await expect(accepted).rejects.toBeInstanceOf(Refusal);
    expect(s.log(conv).pending.value.map((p) => p.state)).toEqual(["sending"]);
    expect(kept.map((k) => k.kind)).toEqual(["chat.post"]);
    await clock.pass(400_000);
    expect(server.entries.get(conv)?.map((e) => e.body.text)).toEqual(["patient"]);
    expect(s.log(conv).pending.value).toEqual([]);
  });

  test("a refused message stays as failed with its reason; Resend sends it under its op", async () => {
    const s = await live();
    server.refusals.set("bad", { code: "too_large", retry: false, times: 1 });
    const log = s.log(conv);
    log.post("bad");
    log.post("good");
    await clock.pass(500);
    expect(log.pending.value.map((p) => [p.text, p.state, p.reason])).toEqual([["bad", "failed", "Not now."]]);
    log.resend(log.pending.value[0]!.op);
    await clock.pass(500);
    expect(server.entries.get(conv)?.map((e) => e.body.text)).toEqual(["good", "bad"]);
    expect(log.pending.value).toEqual([]);
  });

  test("a frame over 16 KiB is refused here, before it cuts the connection", async () => {
    const s = await live();
    await expect(s.connection.command("chat.post", { conversation: conv, text: "é".repeat(9_000) })).rejects.toBeInstanceOf(Refusal);
  });

  test("a view with a gap is asked for anew", async () => {
    const s = await live();
    server.set("site/1", { site: { site: "1" as never, name: "A", open: true, staffed: true, accepting: true, audio: true, video: true, cobrowse: true } });
    await clock.pass(50);
    expect(s.view.all("site").length).toBe(1);
    server.version += 3;
    server.set("site/2", { site: { site: "2" as never, name: "B", open: true, staffed: true, accepting: true, audio: true, video: true, cobrowse: true } });
    await clock.pass(100);
    expect(s.view.all("site").map((i) => i.name)).toEqual(["A", "B"]);
    expect(s.view.version).toBe(server.version);
  });
});
