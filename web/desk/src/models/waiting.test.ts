import { describe, expect, it } from "vitest";
import type { ConversationID, Decision, QueueID, QueueItem, WaitingItem, Why } from "../../../shared/src/protocol.gen.ts";
import { Refusal } from "../../../shared/src/refusal.ts";
import { words } from "../catalogue.ts";
import { actions } from "../commands/desk.ts";
import { card, stage } from "../testing/stage.ts";
import { WhyDialog } from "./why.ts";

const returns: QueueItem = { queue: "q1" as QueueID, name: "Returns", waiting: 2, mode: "pull" };
const waits = (conversation: string, since: number, changes: Partial<WaitingItem> = {}): WaitingItem => ({
  conversation: conversation as ConversationID,
  queue: returns.queue,
  queueName: "Returns",
  first: "Hello",
  since,
  ...changes,
});
const two = [waits("c1", 5_000), waits("c2", 1_000, { head: true })];

describe("waiting list", () => {
  it("shows the queues to pick from, oldest first", () => { // ROUTE-6
    const s = stage({ queues: [returns, { ...returns, queue: "q2" as QueueID, name: "Sales", mode: "ring_all" }], waiting: two });
    expect(s.desk.waiting.lists.value.map((l) => [l.name, l.items.map((it) => it.conversation)])).toEqual([["Returns", ["c2", "c1"]]]);
    s.set({ queues: [returns] });
    expect(s.desk.waiting.lists.value.map((l) => l.items)).toEqual([[]]);
    s.set({ queues: [] });
    expect(s.desk.waiting.lists.value).toEqual([]);
  });

  it("whose turn it is stands first, although it has only just come back", () => { // ROUTE-6
    const s = stage({ queues: [returns], waiting: [waits("c1", 5_000), waits("c2", 9_000, { head: true })] });
    expect(s.desk.waiting.lists.value.map((l) => l.items.map((it) => it.conversation))).toEqual([["c2", "c1"]]);
    expect(s.desk.waiting.first.value?.conversation).toBe("c2");
  });

  it("only the first may be picked, but by right any", () => { // ROUTE-6
    const s = stage({ queues: [returns], waiting: two });
    expect(two.map((it) => s.desk.waiting.canPick(it))).toEqual([false, true]);
    const boss = stage({ queues: [returns], waiting: two, permissions: ["desk", "pick.any"] });
    expect(two.map((it) => boss.desk.waiting.canPick(it))).toEqual([true, true]);
  });

  it("what was picked comes to the front, before or after the answer", async () => { // ROUTE-6, DESK-1
    const s = stage({ cards: [card("c9")], queues: [returns], waiting: two });
    actions(s.desk).find((a) => a.id === "queue.pick")?.run();
    expect([s.sent[0]?.kind, s.sent[0]?.body]).toEqual(["queue.pick", { conversation: "c2" }]);
    s.set({ cards: [card("c9"), card("c2")], queues: [returns] });
    s.answer({});
    await s.settled();
    expect(s.desk.front.value?.conversation).toBe("c2");
    s.set({ cards: [card("c9"), card("c2")], queues: [returns], waiting: [waits("c3", 1, { head: true })] });
    const [list] = s.desk.waiting.lists.value;
    if (list !== undefined) void s.desk.waiting.next(list);
    expect([s.sent[0]?.kind, s.sent[0]?.body]).toEqual(["queue.next", { queue: "q1" }]);
    s.answer({ conversation: "c3" });
    await s.settled();
    s.set({ cards: [card("c9"), card("c2"), card("c3")], queues: [returns] });
    expect(s.desk.front.value?.conversation).toBe("c3");
  });

  it("the second one is told who was first, and cannot press twice", async () => { // ROUTE-6
    const s = stage({ queues: [returns], waiting: two });
    const [, head] = two;
    if (head === undefined) throw new Error("none");
    void s.desk.waiting.pick(head);
    void s.desk.waiting.pick(head);
    expect(s.sent).toHaveLength(1);
    s.set({ queues: [returns] });
    s.refuse(new Refusal({ code: "taken", message: "Ben took it." }));
    await s.settled();
    expect(s.desk.waiting.failure.value).toBe("Visitor c2: Ben took it.");
  });
});

describe("why", () => {
  const decision: Decision = { at: 0, what: "offered", queue: "Sales", chosenName: "Ben", rule: "load", position: 1, waited: 177_000, next: "slot_frees" };

  it("asks about the card in front, or the agent, and can read again", async () => { // ROUTE-12
    const found: Why = { decisions: [decision], offers: [], queue: [] };
    let tries = 0;
    const s = stage({ cards: [card("c1", { role: "owner" })], why: () => (tries++ === 0 ? Promise.reject(new Error("Not now.")) : Promise.resolve(found)) });
    actions(s.desk).find((a) => a.id === "card.why")?.run();
    await s.settled();
    const dialog = s.desk.dialogs.open;
    if (!(dialog instanceof WhyDialog)) throw new Error("no dialog");
    expect([dialog.failure.value, dialog.why.value]).toEqual(["Not now.", undefined]);
    await dialog.load();
    expect([dialog.failure.value, dialog.why.value]).toEqual(["", found]);
    actions(s.desk).find((a) => a.id === "agent.why")?.run();
    expect((s.desk.dialogs.open as WhyDialog).name).toBe("Ann");
  });

  it("adds the pages before, as long as there are some", async () => { // ROUTE-12
    const asked: unknown[] = [];
    const at = (time: number): Decision => ({ ...decision, at: time });
    const pages: Why[] = [{ decisions: [at(9)], offers: [], queue: [], older: 9 }, { decisions: [at(5)], offers: [], queue: [at(4)], older: 5 }, { decisions: [at(1)], offers: [], queue: [] }];
    const dialog = new WhyDialog("Vera", { conversation: "c1" as never }, (of) => {
      asked.push(of.before);
      const page = pages.shift();
      return page === undefined ? Promise.reject(new Error("Not now.")) : Promise.resolve(page);
    });
    const settled = async () => { for (let i = 0; i < 5; i++) await Promise.resolve(); };
    await settled();
    await dialog.showOlder();
    await dialog.showOlder();
    await dialog.showOlder(); // there is no more
    expect([dialog.why.value?.decisions.map((d) => d.at), dialog.why.value?.queue.map((d) => d.at), dialog.why.value?.older]).toEqual([[9, 5, 1], [4], 0]);
    expect(asked).toEqual([undefined, 9, 5]);
    expect(dialog.added.value, "reading goes on where the last page begins").toEqual({ list: "decisions", at: 2 });
    await dialog.load();
    expect([dialog.failure.value, dialog.why.value?.decisions.length]).toEqual(["Not now.", 3]);
  });

  it("says how a conversation ended, once it has", () => { // ROUTE-11, ROUTE-12
    const of = (part: Partial<Why>) => words.why.outcome({ decisions: [], offers: [], queue: [], ...part });
    expect(of({})).toBe("");
    expect(of({ outcome: "abandoned_offered" })).toBe("The visitor left while an agent was asked.");
    expect(of({ outcome: "abandoned_short" })).toBe("The visitor left soon after asking.");
    expect(of({ outcome: "missed", missed: "hours" })).toBe("A message was left: it was closed.");
  });

  it("says decisions in sentences", () => { // ROUTE-12
    expect(words.why.decision(decision)).toBe("Sales: offered to Ben, who has the least to do (place 1, waited 3 min).");
    expect(words.why.decision({ at: 0, what: "nobody", queue: "Sales" })).toBe("Sales: nobody could take it.");
    expect(words.why.decision({ ...decision, rule: "hash", position: 0, waited: 0 })).toBe("Sales: offered to Ben, who was chosen by lot among equals.");
    expect(words.why.next(decision)).toContain("somebody has room");
    expect(words.why.candidateReason({ agent: "a" as never, reason: "full", load: 100 })).toBe("no room left (load 100 of 100)");
    expect(words.why.offer({ offer: "o" as never, conversation: "c" as never, kind: "offer", agent: "a" as never, name: "Ben", offered: 0, outcome: "timed_out", ringMs: 20_000 })).toBe("Ben: did not answer after 20 s.");
    const takenBack = (cause: string) => words.why.offer({ offer: "o" as never, conversation: "c" as never, kind: "offer", agent: "a" as never, name: "Ben", offered: 0, outcome: "rescinded", cause, ringMs: 20_000 });
    expect(takenBack("agent_full")).toBe("Ben: had no room any more after 20 s.");
    expect(takenBack("agent_stale")).toBe("Ben: could not be reached after 20 s.");
    expect(takenBack("superseded")).toBe("Ben: it was not needed any more after 20 s.");
    expect(words.why.offer({ offer: "o" as never, conversation: "c" as never, kind: "offer", agent: "a" as never, name: "Ben", offered: 0, outcome: "rejected", cause: "busy", ringMs: 4_000 }, "Too busy")).toBe("Ben: rejected it after 4 s (Too busy).");
  });
});
