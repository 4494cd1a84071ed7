import { describe, expect, test } from "vitest";
import { Closed, composes, Composer, Log, newOp, View, type Ack, type ConversationID, type Entry, type Op, Refusal } from "../src/index.ts";
import { FakeClock, settle } from "./fake-clock.ts";

const conv = "01920000-0000-7000-8000-000000000001" as ConversationID;

function entry(seq: number, op?: Op, kind: "visitor" | "agent" = "agent"): Entry {
  return { seq, id: `e${seq}` as Entry["id"], kind: "message", audience: "all", author: { kind, name: "A" }, at: seq, body: { text: `t${seq}` }, ...(op ? { op } : {}) };
}

function make(clock = new FakeClock(), refuse?: () => Promise<Ack>): {
  log: Log;
  clock: FakeClock;
  asked: number[];
  acks: Map<Op, (ack: Ack) => void>;
  marks: [number, number][];
  typing: boolean[];
} {
  const asked: number[] = [];
  const acks = new Map<Op, (ack: Ack) => void>();
  const marks: [number, number][] = [];
  const typing: boolean[] = [];
  const log = new Log(conv, {
    clock,
    side: "visitor",
    newOp: () => newOp(clock),
    post: (_text, op) => refuse?.() ?? new Promise((resolve) => acks.set(op, resolve)),
    since: (after) => {
      asked.push(after);
      return new Promise(() => undefined);
    },
    mark: (d, r) => (marks.push([d, r]), true),
    typing: (t) => void typing.push(t),
  });
  return { log, clock, asked, acks, marks, typing };
}

describe("a log", () => {
  test("shows any order and number of copies once and in order (D4)", async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { log, clock, asked } = make(new FakeClock(seed));
      const n = 1 + Math.floor(clock.random() * 20);
      const all = Array.from({ length: n }, (_, i) => entry(i + 1));
      const stream = [...all, ...all.filter(() => clock.random() < 0.5)];
      for (let i = stream.length - 1; i > 0; i--) {
        const j = Math.floor(clock.random() * (i + 1));
        [stream[i], stream[j]] = [stream[j]!, stream[i]!];
      }
      for (const e of stream) {
        log.take({ conversation: conv, entries: [e], last: n });
        const seqs = log.entries.value.map((x) => x.seq);
        expect(seqs).toEqual(seqs.map((_, k) => k + 1));
      }
      expect(log.entries.value).toEqual(all);
      const before = asked.length;
      log.take({ conversation: conv, entries: all, last: n });
      expect(asked.length).toBe(before);
      await settle();
    }
  });

  test("asks for a hole at once, and once", () => {
    const { log, asked } = make();
    log.take({ conversation: conv, entries: [entry(1), entry(3)], last: 3 });
    log.take({ conversation: conv, entries: [entry(4)], last: 4 });
    expect(asked).toEqual([1]);
  });

  test("asks for what is only known to exist when it does not come by itself", async () => {
    const { log, asked, clock } = make();
    log.knowLast(2);
    await clock.pass(400);
    expect(asked).toEqual([]);
    await clock.pass(200);
    expect(asked).toEqual([0]);
  });

  test("an unsent message leaves by its line or its ack, whichever comes first", async () => {
    const { log, acks } = make();
    log.post("one");
    log.post("two");
    const [one, two] = log.pending.value.map((p) => p.op);
    log.take({ conversation: conv, entries: [entry(1, one, "visitor")], last: 1 });
    expect(log.pending.value.map((p) => p.text)).toEqual(["two"]);
    acks.get(one!)!({ seq: 1 });
    acks.get(two!)!({ seq: 2 });
    await settle();
    expect(log.pending.value.map((p) => [p.text, p.state])).toEqual([["two", "stored"]]);
    log.take({ conversation: conv, entries: [entry(2, undefined, "visitor")], last: 2 });
    expect(log.pending.value).toEqual([]);
  });

  test("marks never go down and tell stored, delivered, read (D9, VIS-4)", () => {
    const { log } = make();
    log.take({ conversation: conv, entries: [entry(1, undefined, "visitor")], last: 1 });
    const line = log.entries.value[0]!;
    expect(log.markOf(line)).toBe("stored");
    log.takeMarks({ conversation: conv, marks: [{ side: "agent", delivered: 1, read: 0 }] });
    expect(log.markOf(line)).toBe("delivered");
    log.takeMarks({ conversation: conv, marks: [{ side: "agent", delivered: 1, read: 1 }] });
    log.takeMarks({ conversation: conv, marks: [{ side: "agent", delivered: 0, read: 0 }] });
    expect(log.markOf(line)).toBe("read");
  });

  test("counts the other side's unread, and tells delivered and read together, not for each line", async () => {
    const { log, clock, marks } = make();
    log.take({ conversation: conv, entries: [entry(1), entry(2, undefined, "visitor"), entry(3)], last: 3 });
    expect(log.unread.value).toBe(2);
    log.markRead();
    expect(log.unread.value).toBe(0);
    await clock.pass(1_000);
    expect(marks).toEqual([[3, 3]]);
  });

  test("typing is told at once, then at most every 3 s, and its end", async () => {
    const { log, clock, typing } = make();
    for (let i = 0; i < 10; i++) {
      log.typed();
      await clock.pass(500);
    }
    expect(typing).toEqual([true, true]);
    await clock.pass(5_000);
    expect(typing).toEqual([true, true, false]);
  });

  test("somebody's typing ends by itself, and by the message", async () => {
    const { log, clock } = make();
    log.takeTyping({ conversation: conv, who: { kind: "agent", name: "A" }, typing: true });
    expect(log.typing.value?.name).toBe("A");
    await clock.pass(8_000);
    expect(log.typing.value).toBeUndefined();
    log.takeTyping({ conversation: conv, who: { kind: "agent" }, typing: true });
    log.take({ conversation: conv, entries: [entry(1)], last: 1 });
    expect(log.typing.value).toBeUndefined();
  });
});

describe("a view", () => {
  const site = (name: string): { site: never } => ({ site: { name } as never });
  test("takes patches that fit, drops old ones, and tells of a gap", () => {
    const view = new View();
    expect(view.patch({ from: 0, version: 1 })).toBe(false);
    view.replace({ version: 3, items: { "site/1": site("a") } });
    expect(view.patch({ from: 1, version: 2, drop: ["site/1"] })).toBe(true);
    expect(view.all("site").length).toBe(1);
    expect(view.patch({ from: 3, version: 4, set: { "site/2": site("b") }, drop: ["site/1"] })).toBe(true);
    expect([...view.items.value.keys()]).toEqual(["site/2"]);
    expect(view.patch({ from: 5, version: 6 })).toBe(false);
    expect(view.version).toBe(4);
  });
});

describe("a composer", () => {
  /** A box that held a text, which is on its way; `end` says how it ended. */
  function sending(): { composer: Composer; end: (reason: Error) => Promise<void> } {
    let fail: (e: Error) => void = () => undefined;
    const composer = new Composer(() => new Promise((_, reject) => (fail = reject)));
    composer.draft.value = "hello";
    const sent = composer.send();
    return { composer, end: (reason) => (fail(reason), sent) };
  }

  test("is empty for what is typed next, and has a text again that could not be sent, before that", async () => {
    for (const next of ["", "and more"]) {
      const { composer, end } = sending();
      expect([composer.draft.value, composer.canSend.value]).toEqual(["", false]);
      composer.draft.value = next;
      await end(new Error("no"));
      expect(composer.draft.value).toBe(next ? "hello\nand more" : "hello");
    }
  });

  test("does not have a text again whose author has gone", async () => {
    const { composer, end } = sending();
    await end(new Closed());
    expect(composer.draft.value).toBe("");
  });
});

describe("what is too long, or was refused", () => {
  test("stays in the box whole, counted as the server counts, and cannot be sent", async () => {
    const posted: string[] = [];
    const composer = new Composer((text) => (posted.push(text), Promise.resolve()), () => 5);
    composer.draft.value = "🍵🍵🍵🍵🍵 ";
    expect([composer.over.value, composer.canSend.value]).toEqual([0, true]);
    composer.draft.value = "🍵🍵🍵🍵🍵!?";
    expect([composer.over.value, composer.canSend.value]).toEqual([2, false]);
    await composer.send();
    expect([posted, composer.draft.value]).toEqual([[], "🍵🍵🍵🍵🍵!?"]);
  });

  test("comes back to be written anew, before what is typed now", async () => {
    const { log } = make(new FakeClock(), () => Promise.reject(new Refusal({ code: "too_large", message: "Too long." })));
    log.post("much too long");
    await settle();
    const composer = new Composer(() => Promise.resolve());
    composer.draft.value = "and more";
    const [failed] = log.pending.value;
    if (failed) composer.putBack(log.takeBack(failed.op) ?? "");
    expect([composer.draft.value, log.pending.value.length]).toEqual(["much too long\nand more", 0]);
  });

  test.each([
    [{ isComposing: true, keyCode: 13 }, true],
    [{ isComposing: false, keyCode: 229 }, true], // the Enter that ends a composition in Safari
    [{ isComposing: false, keyCode: 13 }, false],
  ])("a key of an input method is none of ours: %o", (key, is) => {
    expect(composes(key)).toBe(is);
  });
});

describe("an op", () => {
  test("is a UUIDv7 that sorts by time and does not repeat", async () => {
    const clock = new FakeClock();
    const ops: string[] = [];
    for (let i = 0; i < 500; i++) {
      ops.push(newOp(clock));
      await clock.pass(1);
    }
    expect(ops.every((op) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(op))).toBe(true);
    expect([...ops].sort()).toEqual(ops);
    expect(new Set(ops).size).toBe(500);
  });
});
