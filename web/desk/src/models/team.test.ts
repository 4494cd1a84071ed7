import { describe, expect, it } from "vitest";
import type { AgentID, ConversationID, QueueID, RequestID, Targets, TargetAgent, TargetQueue } from "../../../shared/src/protocol.gen.ts";
import { Refusal } from "../../../shared/src/refusal.ts";
import { actions } from "../commands/desk.ts";
import { words } from "../catalogue.ts";
import { card, stage } from "../testing/stage.ts";
import { TeamDialog } from "./team.ts";

const agent = (id: string, name: string, changes: Partial<TargetAgent> = {}): TargetAgent => ({ agent: id as AgentID, name, label: "ready", used: 0, total: 4, able: true, ...changes });
const queue = (id: string, name: string, changes: Partial<TargetQueue> = {}): TargetQueue => ({ queue: id as QueueID, name, open: true, ready: 2, waiting: 3, able: true, ...changes });
const targets = (...agents: TargetAgent[]): Targets => ({ conversation: "c1" as ConversationID, agents, queues: [queue("q2", "Support"), queue("q3", "Night", { open: false, able: false, reason: "closed" })] });
const ben = agent("a2", "Ben", { label: "busy", used: 1 });
const ada = agent("a3", "Ada", { label: "full", used: 4, able: false, reason: "full" });
const mine = { role: "owner", transfer: true } as const;

/** The desk of an agent who has pressed a verb of the team. */
async function opened(verb: string, answers: readonly (Targets | Error)[] = [targets(ada, ben)]) {
  let asked = 0;
  const look = () => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as Targets);
  };
  const s = stage({ cards: [card("c1", mine)], targets: look });
  actions(s.desk).find((a) => a.id === `card.${verb}`)?.run();
  await s.settled();
  const dialog = s.desk.dialogs.open;
  if (!(dialog instanceof TeamDialog)) throw new Error("no dialog");
  return { s, dialog, asked: () => asked };
}

const enabled = (s: ReturnType<typeof stage>, ids: RegExp) => actions(s.desk).filter((a) => a.enabled && ids.test(a.id)).map((a) => a.name);

describe("whom to ask", () => {
  it("lists who is free first, and nothing moves when that changes", async () => { // TEAM-1
    const { s, dialog, asked } = await opened("transfer", [targets(ada, ben), targets(agent("a1", "Abe"), { ...ada, able: true }, { ...ben, able: false, reason: "ringing" })]);
    expect(dialog.agents.value.map((a) => a.name)).toEqual(["Ben", "Ada"]);
    dialog.chooseAgent(ben);
    expect(dialog.canAsk.value).toBe(true);
    s.pass(2_000);
    await s.settled();
    expect(dialog.agents.value.map((a) => a.name)).toEqual(["Ben", "Ada", "Abe"]);
    expect(dialog.canAsk.value).toBe(false); // he rings for another
    s.desk.dialogs.close();
    const before = asked();
    s.pass(20_000);
    await s.settled();
    expect(asked()).toBe(before);
  });

  it("takes only who is able, and says why not", async () => { // TEAM-1
    const { dialog } = await opened("transfer");
    dialog.chooseAgent(ada);
    expect([dialog.isChosen(ada.agent), dialog.canAsk.value]).toEqual([false, false]);
    expect(words.team.unable(ada.reason)).toBe("no room left");
    expect(dialog.queues.value.map((q) => words.team.queue(q))).toEqual(["Support, 2 ready, 3 waiting", "Night, closed"]);
  });

  it("sends agent or queue, note, and whether to leave at once", async () => { // TEAM-1
    const { s, dialog } = await opened("transfer");
    dialog.leave.value = true;
    dialog.chooseAgent(ben);
    expect(dialog.mayLeave.value).toBe(false); // to an agent one stays until he accepts
    dialog.note.value = " knows the order ";
    void dialog.ask();
    expect([s.sent[0]?.kind, s.sent[0]?.body]).toEqual(["team.transfer", { conversation: "c1", agent: "a2", note: "knows the order" }]);
    s.refuse(new Refusal({ code: "not_able", message: "Ben has just become busy." }));
    await s.settled();
    expect(dialog.failure.value).toBe("Ben has just become busy.");
    const [support] = dialog.queues.value;
    if (support !== undefined) dialog.chooseQueue(support);
    dialog.note.value = "";
    void dialog.ask();
    expect(s.sent[0]?.body).toEqual({ conversation: "c1", queue: "q2", leave: true });
    const wishes = s.desk.places.focusWish.value;
    s.answer({ id: "r1" });
    await s.settled();
    expect(s.desk.dialogs.open).toBeUndefined();
    expect([s.desk.front.value?.conversation, s.desk.places.focusWish.value]).toEqual(["c1", wishes + 1]); // the cursor is not lost
  });

  it("says when nobody can be looked up, and goes on with what was there when a later look fails", async () => {
    const failed = await opened("invite", [new Error("Not now.")]);
    expect(failed.dialog.unseen.value).toBe("Not now.");
    const later = await opened("enquire", [targets(ben), new Error("Not now.")]);
    later.s.pass(2_000);
    await later.s.settled();
    expect([later.dialog.unseen.value, later.dialog.agents.value.length]).toEqual(["Not now.", 1]);
    const better = await opened("transfer", [new Error("Not now."), targets(ben)]);
    better.s.pass(2_000);
    await better.s.settled();
    expect([better.dialog.unseen.value, better.dialog.agents.value.length]).toEqual(["", 1]);
  });

  it("finds by name", async () => {
    const { dialog } = await opened("invite");
    dialog.find.value = " be";
    expect([dialog.agents.value.map((a) => a.name), dialog.queues.value]).toEqual([["Ben"], []]);
  });
});

describe("what was asked", () => {
  const request = { request: "r1" as RequestID, kind: "transfer", to: "Ben", state: "open" } as const;

  it("can be taken back, and bars a second one", () => { // TEAM-1, TEAM-2
    const s = stage({ cards: [card("c1", { ...mine, request })] });
    expect(enabled(s, /^card\.(transfer|invite|enquire|cancel)/)).toEqual(["Cancel request"]);
    void s.desk.cards.value[0]?.cancelRequest();
    expect([s.sent[0]?.kind, s.sent[0]?.body]).toEqual(["team.cancel", { request: "r1" }]);
  });

  it("tells why it was refused until that is put away", () => { // TEAM-1
    const refused = { ...request, state: "refused", cause: "timed_out" };
    const s = stage({ cards: [card("c1", { ...mine, request: refused })] });
    const [it] = s.desk.cards.value;
    expect(it?.request.value && words.team.refused(it.request.value, undefined)).toBe("Transfer to Ben: did not answer.");
    it?.putAwayRequest();
    expect(it?.request.value).toBeUndefined();
    s.set({ cards: [card("c1", { ...mine, request: { ...refused, request: "r2" as RequestID } })] });
    expect(it?.request.value?.request).toBe("r2");
    s.set({ cards: [card("c1", { ...mine, request: { ...request, state: "accepted" } })] });
    expect(it?.request.value).toBeUndefined();
  });
});

describe("who may do what", () => {
  const all = /^card\.(?!send)/;

  it("nothing of the team where the server knows nothing of it, or the site does not allow it", () => { // TEAM-1
    expect(enabled(stage({ cards: [card("c1")] }), /transfer|invite|enquire|leave/)).toEqual([]);
    expect(enabled(stage({ cards: [card("c1", { role: "owner" })] }), /transfer|invite|enquire|leave/)).toEqual(["Invite", "Enquire", "Leave"]);
    const lacks = new Set(["team.invite", "team.leave", "why"] as const);
    expect(enabled(stage({ cards: [card("c1", mine)], lacks }), /transfer|invite|enquire|leave|why/)).toEqual(["Transfer", "Enquire"]);
  });

  it("a guest writes, asks and leaves, and decides nothing", () => { // TEAM-2
    const s = stage({ cards: [card("c1", { role: "guest", agents: [{ agent: "a2" as AgentID, name: "Ben", role: "owner" }, { agent: "a1" as AgentID, name: "Ann", role: "guest" }] })] });
    expect(enabled(s, all)).toEqual(["Invite", "Enquire", "Leave", "Why?"]);
    void s.desk.cards.value[0]?.leave();
    expect(s.sent[0]?.body).toEqual({ conversation: "c1" });
  });

  it("the last one who leaves is asked where it goes", async () => { // TEAM-2
    const s = stage({ cards: [card("c1", mine)] });
    const [it] = s.desk.cards.value;
    await it?.leave();
    expect([s.desk.dialogs.open?.kind, s.sent]).toEqual(["leave", []]);
    void it?.leave("queue");
    expect(s.sent[0]?.body).toEqual({ conversation: "c1", then: "queue" });
  });

  it("an enquiry has no verb that reaches the visitor", () => { // TEAM-3
    const s = stage({ cards: [card("c2", { kind: "consult", role: "asker", name: "Maria", parent: "c1" as ConversationID, transfer: true })] });
    const [it] = s.desk.cards.value;
    expect(it?.name.value).toBe("Enquiry: Maria");
    expect(enabled(s, all)).toEqual(["End enquiry"]);
    void it?.endEnquiry();
    expect(s.sent[0]?.kind).toBe("chat.end");
    const guest = stage({ cards: [card("c2", { kind: "consult", role: "guest" })] });
    void guest.desk.cards.value[0]?.endEnquiry();
    expect(guest.sent[0]?.kind).toBe("team.leave");
  });

  it("words of colleagues are not one's own", () => { // TEAM-2, TEAM-3
    const [it] = stage({ cards: [card("c1")] }).desk.cards.value;
    const mineOf = (kind: string, id?: string) => it?.isMine(id === undefined ? { kind } : { kind, id });
    expect([mineOf("agent", "a1"), mineOf("agent", "a2"), mineOf("agent"), mineOf("visitor", "v1")]).toEqual([true, false, true, false]);
  });
});

describe("signs of a card", () => {
  it("counts down to the first reply", () => { // ROUTE-13
    const s = stage({ cards: [card("c1", { replyDue: 30_000 })] });
    const [it] = s.desk.cards.value;
    expect(it?.replyLeft.value).toBe("0:30");
    s.pass(31_000);
    expect(it?.replyLeft.value).toBe("0:00");
    s.set({ cards: [card("c1", { replyDue: 0 })] });
    expect(it?.replyLeft.value).toBe("");
  });

  it("no reply is due any more once this agent has written; the words of the one before do not count", () => { // ROUTE-13
    const s = stage({ agent: { agent: "a1" as AgentID }, cards: [card("c1", { replyDue: 90_000, started: 10_000 })] });
    const [it] = s.desk.cards.value;
    const said = (seq: number, at: number, id: string) => ({ seq, id: `e${String(seq)}` as never, kind: "message" as const, audience: "all" as const, at, author: { kind: "agent" as const, id, name: "" }, body: { text: "Hello" } });
    it?.log.take({ conversation: it.conversation, entries: [said(1, 5_000, "a1"), said(2, 12_000, "a2")], last: 2 });
    expect(it?.replyLeft.value).not.toBe("");
    it?.log.take({ conversation: it.conversation, entries: [said(3, 13_000, "a1")], last: 3 });
    expect(it?.replyLeft.value).toBe("");
  });
});
