import { describe, expect, it } from "vitest";
import type { ConversationID, ProfileID, QueueID } from "../../../shared/src/protocol.gen.ts";
import { Refusal } from "../../../shared/src/refusal.ts";
import { actions } from "../commands/desk.ts";
import { rejectBecause } from "../commands/offer.ts";
import { call, card, cobrowse, offer, stage } from "../testing/stage.ts";

const minute = 60_000;

describe("own state", () => {
  it("shows the server's label and asks before it claims", async () => { // STATE-3
    const s = stage({ agent: { label: "not_ready", declared: "not_ready", reason: "no_answer" } });
    expect(s.desk.own.label.value).toBe("Not ready (No answer)");
    expect(s.desk.own.notice.value).toContain("rang out");
    const done = s.desk.own.activate();
    expect(s.desk.own.ready.value).toBe(true);
    s.answer({});
    await done;
    expect(s.desk.own.ready.value).toBe(false); // until the view says so
    s.set({ agent: { label: "busy", declared: "ready", used: 1 } });
    expect(s.desk.own.label.value).toBe("Busy (1 of 4)");
    s.set({ agent: { label: "full", declared: "ready", used: 1 } }); // by a video call: "1 of 4" would say that there is room
    expect(s.desk.own.label.value).toBe("Full (1 open)");
    s.set({ agent: { label: "full", declared: "ready", used: 4 } });
    expect(s.desk.own.label.value).toBe("Full (4 of 4)");
  });

  it("says why Ready was refused", async () => { // STATE-3
    const s = stage({ agent: { declared: "not_ready", label: "not_ready" } });
    const done = s.desk.own.activate();
    s.refuse(new Refusal({ code: "no_desk", message: "Open the desk first." }));
    await done;
    expect(s.desk.own.failure.value).toBe("Open the desk first.");
    expect(s.desk.own.ready.value).toBe(false);
  });
});

describe("own state, where the server knows profiles", () => {
  const profiles = [{ key: "p1", name: "Everything" }, { key: "p2", name: "Sales only" }];
  const run = (s: ReturnType<typeof stage>, id: string) => actions(s.desk).find((a) => a.id === id);

  it("can be not ready after these conversations", () => { // STATE-3
    const s = stage({ agent: { profiles, used: 1, label: "busy" } });
    run(s, "agent.pending")?.run();
    expect(s.sent[0]?.body).toEqual({ declared: "pending_not_ready" });
    expect([s.desk.own.pending.value, s.desk.own.ready.value]).toEqual([true, false]);
    s.set({ agent: { profiles, used: 1, label: "busy", declared: "pending_not_ready", pending: true } });
    expect(s.desk.own.label.value).toBe("Busy (1 of 4), then not ready");
    expect([run(s, "agent.pending")?.enabled, run(s, "agent.ready")?.enabled, run(s, "agent.pause.break")?.enabled]).toEqual([false, true, true]);
  });

  it("changes its profile only while paused or idle", () => { // STATE-1
    const s = stage({ agent: { profiles, profile: profiles[0]?.key as ProfileID, used: 1, label: "busy" } });
    expect(run(s, "agent.profile.p2")?.enabled).toBe(false);
    s.set({ agent: { profiles, profile: profiles[0]?.key as ProfileID } });
    expect([run(s, "agent.profile.p1")?.enabled, run(s, "agent.profile.p2")?.enabled]).toEqual([false, true]);
    run(s, "agent.profile.p2")?.run();
    expect(s.sent.map((c) => [c.kind, c.body])).toEqual([["agent.profile", { profile: "p2" }]]);
  });

  it("accepts by itself only where that is allowed", () => { // ROUTE-7
    const s = stage({ agent: { autoAccept: false } });
    expect(run(s, "agent.auto_accept")?.enabled).toBe(false);
    s.set({ agent: { autoAllowed: true, autoAccept: true } });
    run(s, "agent.auto_accept")?.run();
    expect(s.sent[0]?.body).toEqual({ on: false });
  });

  it("shows nothing of what an older server does not send", () => {
    const s = stage({ agent: { used: 1, label: "busy" } });
    expect(actions(s.desk).filter((a) => a.enabled && /pending|profile|auto/.test(a.id))).toEqual([]);
  });

  it("calls reasons as the workspace does", () => { // STATE-2
    const s = stage({ agent: { declared: "not_ready", label: "not_ready", reason: "tea", pauseReasons: [{ key: "tea", name: "Tea time" }] } });
    expect(s.desk.own.label.value).toBe("Not ready (Tea time)");
    expect(run(s, "agent.pause.tea")).toMatchObject({ name: "Pause: Tea time", enabled: false });
  });
});

describe("signing out", () => {
  it("asks while conversations are open, and says how many", async () => { // DESK-5, STATE-6
    const s = stage({ cards: [card("c1"), card("c2", { slot: "parked" }), card("c3", { slot: "wrap_up", state: "ended" })] });
    await s.desk.leaving.ask();
    expect(s.desk.overlay.value).toBe("leaving");
    expect(s.desk.leaving.open.value).toBe(2);
    expect(s.sent).toEqual([]);
    s.desk.leaving.stay();
    expect(s.desk.overlay.value).toBeUndefined();
    expect(s.signedOut()).toBe(0);
  });

  it("goes off duty before the session ends", async () => { // STATE-3
    const s = stage({ cards: [card("c1")] });
    const done = s.desk.leaving.go();
    expect(s.sent.map((c) => [c.kind, c.body])).toEqual([["agent.declare", { declared: "not_ready", reason: "signed_out" }]]);
    expect(s.signedOut()).toBe(0);
    void s.desk.leaving.go(); // pressed twice
    s.answer({});
    await done;
    expect(s.signedOut()).toBe(1);
    expect(s.sent).toEqual([]);
  });

  it("asks nothing without a conversation, and does not wait for a server that is away", async () => {
    const s = stage({ cards: [card("c3", { slot: "wrap_up", state: "ended" })] });
    const done = s.desk.leaving.ask();
    expect(s.desk.overlay.value).toBeUndefined();
    s.pass(2_000);
    await done;
    expect(s.signedOut()).toBe(1);
  });
});

describe("queues", () => {
  it("stand by name, at every start in the same order", () => {
    const queue = (key: string, name: string) => ({ queue: key as QueueID, name, waiting: 0 });
    const s = stage({ queues: [queue("q1", "Urgent"), queue("q2", "Returns"), queue("q3", "Sales")] });
    expect(s.desk.queues.value.map((q) => q.name)).toEqual(["Returns", "Sales", "Urgent"]);
  });
});

describe("offers", () => {
  it("never show more time than they ring, also when they came between two beats of the clock", () => { // ROUTE-3
    const s = stage({ offers: [offer("o1", "c1", { offered: 400, deadline: 20_400 })] });
    expect(s.desk.offers.value[0]?.left.value).toBe(20);
    s.pass(1_500);
    expect(s.desk.offers.value[0]?.left.value).toBe(19);
  });

  it("count down, show the wait, and cannot be answered twice", async () => { // ROUTE-3
    const s = stage({ offers: [offer("o1", "c1", { since: -177_000, waited: true })] });
    const [it] = s.desk.offers.value;
    expect(it?.left.value).toBe(20);
    expect(it?.waited.value).toBe("2:57");
    s.pass(5_000);
    expect(it?.left.value).toBe(15);
    void it?.accept(false);
    void it?.reject();
    expect(s.sent.map((c) => c.kind)).toEqual(["offer.accept"]);
    expect(it?.open.value).toBe(false);
    s.refuse(new Refusal({ code: "taken", message: "Ben took it." }));
    await s.settled();
    expect(it?.failure.value).toBe("Ben took it.");
  });

  it("say what to do where there is no room, ring on, and are accepted when there is", async () => { // ROUTE-2, DESK-3
    const s = stage({ offers: [offer("o1", "c1")] });
    const [it] = s.desk.offers.value;
    void it?.accept(true);
    s.refuse(new Refusal({ code: "full", message: "All places are taken. End or clear a conversation first." }));
    await s.settled();
    expect([it?.failure.value, it?.open.value, s.desk.attention.ringing.value]).toEqual(["You have no room: park or end one, then accept.", true, true]);
    void it?.accept(true);
    expect([it?.failure.value, s.sent.map((c) => c.kind)]).toEqual(["", ["offer.accept"]]);
  });

  it("ring only where the server chose this tab, and flash in all", () => { // DESK-9
    const s = stage({ offers: [offer("o1", "c1", { rings: false })] });
    expect(s.desk.attention.ringing.value).toBe(false);
    expect(s.desk.attention.flashing.value).toBe(true);
    s.set({ offers: [offer("o1", "c1", { rings: false }), offer("o2", "c2")] });
    expect(s.desk.attention.ringing.value).toBe(true);
    s.set({ offers: [] });
    expect(s.desk.attention.ringing.value).toBe(false);
    expect(s.desk.attention.title.value).toBe("Parlour");
  });

  it("are called by what is asked", () => { // ROUTE-3
    const s = stage({ offers: [offer("o1", "c1"), offer("o2", "c2", { medium: "video" }), offer("o3", "c3", { kind: "transfer", medium: "audio" }), offer("o4", "c4", { kind: "invite" }), offer("o5", "c5", { kind: "consult" }), offer("o6", "c6", { kind: "all", medium: "audio" })] });
    expect(s.desk.offers.value.map((o) => o.title.value)).toEqual(["Web chat", "Video", "Transfer", "Invitation", "Enquiry", "Audio"]);
    expect(s.desk.attention.title.value).toBe("(6) Web chat!");
    s.set({ offers: [offer("o4", "c4", { kind: "invite" })] });
    expect(s.desk.attention.title.value).toBe("(1) Invitation!");
  });

  it("another was first: it says who, is silent, and goes after 5 s", () => { // ROUTE-5
    const s = stage({ offers: [offer("o1", "c1", { kind: "all" })] });
    const [it] = s.desk.offers.value;
    expect(s.desk.attention.ringing.value).toBe(true);
    s.pass(3_000);
    s.set({ offers: [offer("o1", "c1", { kind: "all", takenBy: "Ben" })] });
    expect([it?.takenBy.value, it?.open.value]).toEqual(["Ben", false]);
    expect([s.desk.attention.ringing.value, s.desk.attention.flashing.value, s.desk.attention.title.value]).toEqual([false, false, "Parlour"]);
    s.pass(4_500);
    expect(s.desk.offers.value).toEqual([it]);
    s.pass(1_000);
    expect(s.desk.offers.value).toEqual([]);
  });

  it("are refused for the workspace's reasons", () => { // ROUTE-4
    const s = stage({ agent: { rejectReasons: [{ key: "tea", name: "Tea time" }] }, offers: [offer("o1", "c1")] });
    expect(s.desk.own.rejectReasons.value.map((r) => rejectBecause(r).name)).toEqual(["Tea time"]);
    expect(stage({}).desk.own.rejectReasons.value.map((r) => r.key)).toEqual(["busy", "skill", "language"]);
  });

  it("rung out: neither Accept nor Reject can be pressed", () => { // ROUTE-4
    const s = stage({ offers: [offer("o1", "c1")] });
    s.pass(20_500);
    const names = actions(s.desk).filter((a) => a.id.startsWith("offer.") && a.enabled);
    expect(names).toEqual([]);
  });
});

describe("opening of cards", () => {
  it("opens the first in the empty card, in front", () => { // DESK-1
    const s = stage({});
    s.set({ cards: [card("c1")] });
    expect(s.desk.places.places.value).toEqual([{ id: "card-1", conversation: "c1" }]);
    expect(s.desk.front.value?.conversation).toBe("c1");
  });

  it("Accept keeps the focus while others run, Open moves it", () => { // ROUTE-3
    const s = stage({ cards: [card("c1")] });
    s.set({ cards: [card("c1")], offers: [offer("o2", "c2")] });
    void s.desk.offers.value[0]?.accept(false);
    s.set({ cards: [card("c1"), card("c2")] });
    expect(s.desk.front.value?.conversation).toBe("c1");
    s.set({ cards: [card("c1"), card("c2")], offers: [offer("o3", "c3")] });
    void s.desk.offers.value[0]?.accept(true);
    s.set({ cards: [card("c1"), card("c2"), card("c3")] });
    expect(s.desk.front.value?.conversation).toBe("c3");
    expect(s.desk.places.places.value).toHaveLength(3);
  });

  it("a cleared conversation leaves the desk, and the last card stays, empty", () => { // DESK-6
    const s = stage({ cards: [card("c1"), card("c2")] });
    s.set({ cards: [card("c2")] });
    expect(s.desk.places.places.value.map((p) => p.conversation)).toEqual(["c2"]);
    s.set({ cards: [] });
    expect(s.desk.places.places.value).toHaveLength(1);
    expect(s.desk.front.value).toBeUndefined();
  });

  it("keeps the models of cards that stay", () => {
    const s = stage({ cards: [card("c1")] });
    const [first] = s.desk.cards.value;
    s.set({ cards: [card("c1", { slot: "parked" }), card("c2")] });
    expect(s.desk.cards.value[0]).toBe(first);
    expect(s.desk.parked.value).toEqual([first]);
  });
});

describe("card", () => {
  it("guards its verbs by state, site and right", () => { // CALL-2, DESK-3, DESK-6
    const enabled = (s: ReturnType<typeof stage>) =>
      actions(s.desk).filter((a) => a.enabled && a.id.startsWith("card.")).map((a) => a.name);
    const running = stage({ cards: [card("c1")] });
    expect(enabled(running)).toEqual(["Park", "Start audio", "Start video", "Co-browse", "End"]);
    const noRight = stage({ cards: [card("c1")], permissions: ["desk"] });
    expect(enabled(noRight)).toEqual(["Park", "End"]);
    const noVideo = stage({ cards: [card("c1", { video: false, cobrowse: false })] });
    expect(enabled(noVideo)).toEqual(["Park", "Start audio", "End"]);
    const parked = stage({ cards: [card("c1", { slot: "parked" })] });
    expect(enabled(parked)).toEqual(["Resume", "End"]);
    const wrap = stage({ cards: [card("c1", { slot: "wrap_up", state: "ended" })] });
    expect(enabled(wrap)).toEqual(["Clear card"]);
  });

  it("shows its timers", () => { // DESK-2, DESK-6
    const s = stage({ cards: [card("c1", { started: -2 * minute, turnSince: -30_000 })] });
    const [c] = s.desk.cards.value;
    s.pass(1_000);
    expect([c?.since.value, c?.yourTurn.value]).toEqual(["2:01", "0:31"]);
    s.set({ cards: [card("c1", { slot: "wrap_up", state: "ended", wrapUntil: 61_000 })] });
    expect([c?.wrapLeft.value, c?.yourTurn.value]).toEqual(["1:00", ""]);
  });

  it("keeps a message that is too long in its box, and says by how much", () => {
    const s = stage({ cards: [card("c1")] });
    const composer = s.desk.cards.value[0]?.composer;
    composer?.write("😀".repeat(4002));
    composer?.send();
    expect([composer?.over.value, composer?.canSend.value, Array.from(composer?.draft.value ?? "").length]).toEqual([2, false, 4002]);
    composer?.write("😀".repeat(4000));
    expect([composer?.over.value, composer?.canSend.value]).toEqual([0, true]);
  });

  it("keeps a draft per conversation over a page load, and empties the box on Send", () => { // STATE-6
    const s = stage({ cards: [card("c1")] });
    s.desk.cards.value[0]?.composer.write("half a sen");
    const again = stage({ cards: [card("c1")], drafts: s.drafts });
    const composer = again.desk.cards.value[0]?.composer;
    expect(composer?.draft.value).toBe("half a sen");
    composer?.write("whole");
    composer?.send();
    expect(composer?.draft.value).toBe("");
    expect(again.posted).toEqual(["whole"]);
    expect(again.drafts.get("c1")).toBe("");
  });

  it("one verb at a time, and says what was refused", async () => {
    const s = stage({ cards: [card("c1")] });
    const [c] = s.desk.cards.value;
    void c?.park();
    void c?.end();
    expect(s.sent.map((k) => k.kind)).toEqual(["chat.park"]);
    s.refuse(new Refusal({ code: "wrong_state", message: "It has ended." }));
    await s.settled();
    expect(c?.failure.value).toBe("It has ended.");
    expect(c?.canPark.value).toBe(true);
  });
});

describe("call", () => {
  it("starts its leg in the tab that asked, once allowed, and again after a reload", async () => { // CALL-1, CALL-6
    const s = stage({ cards: [card("c1")] });
    void s.desk.cards.value[0]?.startCall("video");
    s.answer({ id: "k1" });
    await s.settled();
    s.set({ cards: [card("c1")], calls: [call("k1", "c1", { state: "asked" })] });
    expect(s.desk.cards.value[0]?.call.value?.phase.value).toBe("asking");
    expect(s.legs).toHaveLength(0);
    s.set({ cards: [card("c1")], calls: [call("k1", "c1")] });
    expect(s.legs).toHaveLength(1);
    const reloaded = stage({ cards: [card("c1")], calls: [call("k1", "c1")], ownCalls: s.ownCalls });
    expect(reloaded.legs).toHaveLength(1);
    const otherTab = stage({ cards: [card("c1")], calls: [call("k1", "c1")] });
    expect(otherTab.desk.cards.value[0]?.call.value?.phase.value).toBe("elsewhere");
    expect(otherTab.legs).toHaveLength(0);
  });

  /** A call of this tab, whose leg the server says that connection has. */
  const held = (tab: string) => {
    const s = stage({ cards: [card("c1")] });
    s.ownCalls.add(call("k1", "c1").call);
    const says = (now: string) => {
      s.set({ cards: [card("c1")], calls: [call("k1", "c1", { tab: now })] });
      return [s.desk.cards.value[0]?.call.value?.phase.value, s.legs.map((l) => l.closed)];
    };
    says(tab);
    return { s, says };
  };

  it("goes on in its tab when the server is back, and names the connection before until the leg is", () => { // CALL-6, R7
    const { s, says } = held("n1");
    s.reconnected("n2");
    expect(says("n1")).toEqual(["here", [false]]);
    expect(says("n2")).toEqual(["here", [false]]);
    s.reconnected("n3");
    expect(says("n2")).toEqual(["here", [false]]);
    expect(says("another")).toEqual(["elsewhere", [true]]);
  });

  it("goes on in a tab that has just taken it, while the one before is still named, until another takes it", () => { // CALL-6
    const { s, says } = held("the tab before");
    expect(says("the tab before")).toEqual(["here", [false]]);
    expect(says("n1")).toEqual(["here", [false]]);
    expect(says("another")).toEqual(["elsewhere", [true]]);
    expect(s.ownCalls.has(call("k1", "c1").call), "nor does it take it back when it is loaded again").toBe(false);
    s.desk.cards.value[0]?.call.value?.takeHere();
    expect(says("another")).toEqual(["here", [true, false]]);
    expect(says("n1")).toEqual(["here", [true, false]]);
  });

  it("ends its leg with the call, and the chat goes on", () => { // CALL-4
    const s = stage({ cards: [card("c1")], calls: [call("k1", "c1", { state: "asked", askedBy: "visitor" })] });
    const it = s.desk.cards.value[0]?.call.value;
    expect(it?.canAnswer.value).toBe(true);
    void it?.answer(true);
    s.set({ cards: [card("c1")], calls: [call("k1", "c1", { askedBy: "visitor" })] });
    expect(s.legs.map((l) => l.closed)).toEqual([false]);
    s.legs.forEach((leg) => (leg.camera.value = "missing"));
    expect(it?.problems.value).toEqual(["No camera was found. The call goes on without your picture."]);
    s.set({ cards: [card("c1")], calls: [] });
    expect(s.legs.map((l) => l.closed)).toEqual([true]);
    expect(s.desk.cards.value[0]?.running.value).toBe(true);
  });
});

describe("co-browse", () => {
  it("gives packets to its own frame and dims while the visitor changes page", () => { // COB-2, COB-6
    const s = stage({ cards: [card("c1")], cobrowses: [cobrowse("b1", "c1")] });
    const it = s.desk.cards.value[0]?.cobrowse.value;
    const got: number[] = [];
    if (it) it.sink = (data) => got.push(data.length);
    s.desk.packet(new Uint8Array(3), "b1");
    s.desk.packet(new Uint8Array(5), "other");
    expect(got).toEqual([3]);
    if (it) it.painted.value = true;
    expect(it?.changing.value).toBe(false);
    s.set({ cards: [card("c1", { visitor: "reconnecting" })], cobrowses: [cobrowse("b1", "c1")] });
    expect(it?.changing.value).toBe(true);
    s.set({ cards: [card("c1")], cobrowses: [cobrowse("b1", "c1")] });
    expect(it?.changing.value).toBe(false);
    s.set({ cards: [card("c1")], cobrowses: [cobrowse("b1", "c1", { away: true })] }); // the visitor has another tab
    expect(it?.changing.value).toBe(true);
  });

  it("watches again over every new way to the server, while a frame is there", () => { // COB-2, R7
    const s = stage({ cards: [card("c1")], cobrowses: [cobrowse("b1", "c1")] });
    const it = s.desk.cards.value[0]?.cobrowse.value;
    const watched = () => s.sent.splice(0).map((one) => [one.kind, one.body]);
    const change = (...ways: ("ws" | "dc" | undefined)[]) => ways.forEach((way) => (s.transport.value = way));
    const once = [["cobrowse.watch", { cobrowse: "b1" }]];
    change(undefined, "ws");
    expect(watched()).toEqual([]); // the frame asks by itself when it is ready
    if (it) it.sink = () => undefined;
    change(undefined, "ws"); // a server that was started again
    expect(watched()).toEqual(once);
    change("dc");
    expect(watched()).toEqual(once);
    change(undefined);
    expect(watched()).toEqual([]);
    change("dc");
    expect(watched()).toEqual(once);
    s.set({ cards: [card("c1")], cobrowses: [] });
    change(undefined, "ws");
    expect(watched()).toEqual([]);
  });
});

describe("places", () => {
  it("takes cards opened in advance, and moves the front one by keys", () => { // DESK-1, DESK-8
    const s = stage({});
    const run = (id: string) => actions(s.desk).find((a) => a.id === id)?.run();
    expect(actions(s.desk).find((a) => a.id === "desk.card_to_side")?.enabled).toBe(false);
    run("desk.new_card");
    expect(s.desk.places.front.value).toBe("card-2");
    run("desk.card_to_side");
    expect(s.desk.places.moving.value).toEqual({ place: "card-2", to: "side" });
    s.set({ cards: [card("c1")] });
    expect(s.desk.places.places.value).toEqual([{ id: "card-1", conversation: "c1" }, { id: "card-2" }]);
    for (let i = 0; i < 20; i++) run("desk.new_card");
    expect(s.desk.places.places.value).toHaveLength(12);
  });

  it("takes saved cards back, and nothing else", () => {
    const { places } = stage({}).desk;
    const saved = [{ id: "card-3" }, { id: "card-7", conversation: "c9" as ConversationID }];
    for (const bad of [null, [], [{ id: "x" }], [{ id: "card-1" }, { id: "card-1" }], [{ id: "card-1", conversation: 5 }]]) {
      places.restore(bad);
      expect(places.places.value).toEqual([{ id: "card-1" }]);
    }
    places.restore(saved);
    expect(places.places.value).toEqual(saved);
    places.add();
    expect(places.front.value).toBe("card-8");
  });
});

it("shows nobody typing in a conversation that has ended", () => { // DESK-2
  const s = stage({ cards: [card("c1")] });
  const it = s.desk.cards.value[0];
  it?.log.takeTyping({ conversation: "c1" as ConversationID, who: { kind: "visitor", name: "Vera" }, typing: true });
  expect([it?.running.value, it?.typing.value]).toEqual([true, true]);
  s.set({ cards: [card("c1", { slot: "wrap_up", state: "ended" })] });
  expect([it?.running.value, it?.typing.value]).toEqual([false, false]);
});
