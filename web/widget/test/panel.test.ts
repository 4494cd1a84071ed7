import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CallItem, ConversationID, ConversationItem } from "../../shared/src/index.ts";
import type { CallLeg } from "../../shared/src/browser/index.ts";
import { FakeClock, settle } from "../../shared/test/fake-clock.ts";
import { FakeServer } from "../../shared/test/fake-server.ts";
import type { FromPanel } from "../src/port.ts";
import { PanelModel } from "../src/panel/panel-model.ts";
import { VisitorStore, type Place } from "../src/panel/visitor-store.ts";

const conv = "01920000-0000-7000-8000-0000000000aa" as ConversationID;
const cobrowse = "01920000-0000-7000-8000-0000000000bb";

class FakeLeg {
  readonly streams = { value: [] };
  started: { audio: boolean; video: boolean } | undefined;
  ended = false;
  constructor(signal: AbortSignal) {
    signal.addEventListener("abort", () => (this.ended = true));
  }
  start(want: { audio: boolean; video: boolean }): void {
    this.started = want;
  }
}

let clock: FakeClock;
let server: FakeServer;
let stored: string | null;
let told: FromPanel[];
let legs: FakeLeg[];
let visitors: number;
let fail: Error | undefined;

/** A page with the panel; `own` is what an earlier page of the same tab had. */
function open(own: readonly string[] = [], at = server): PanelModel {
  const mine: FromPanel[] = [];
  told = mine;
  const host: Place = { read: () => stored, write: (text) => (stored = text) };
  const panel = new PanelModel({
    bootstrap: { site: "demo", name: "Shop", origins: [], color: "", hostStorage: true, audio: true, video: true, cobrowse: true, mask: [".x"], limits: { messageCharacters: 4000 } },
    clock,
    rest: {
      newVisitor: () => (fail ? Promise.reject(fail) : (visitors++, Promise.resolve("token"))),
      signOut: () => Promise.resolve(), status: () => Promise.reject(new Error("not asked here")),
    },
    store: new VisitorStore(),
    ownPlace: host,
    tell: (message) => mine.push(message),
    transports: { dialSocket: at.dialSocket, dialChannels: at.dialChannels },
    newLeg: (_session, _call, signal) => {
      const leg = new FakeLeg(signal);
      legs.push(leg);
      return leg as unknown as CallLeg;
    },
  });
  panel.hear({ kind: "begin", open: true, focus: false, kept: null, own, identity: null });
  return panel;
}

/** Another tab of the same visitor, with a connection of its own. */
async function secondTab(): Promise<{ panel: PanelModel; other: FakeServer }> {
  const other = new FakeServer(clock);
  const panel = open([], other);
  await clock.pass(200);
  conversation({ state: "active", agent: "Anna" }, other);
  await clock.pass(300);
  return { panel, other };
}

function conversation(part: Partial<ConversationItem>, at = server): void {
  at.set(`conversation/${conv}`, { conversation: { conversation: conv, state: "queued", last: server.entries.get(conv)?.length ?? 0, read: 0, ...part } });
}

function call(part: Partial<CallItem>, at = server): void {
  at.set("call/1", { call: { call: "1" as never, conversation: conv, media: "video", state: "asked", askedBy: "agent", askedByName: "Anna", ...part } });
}

async function talking(): Promise<PanelModel> {
  const panel = open();
  panel.composer.draft.value = "hello";
  await panel.composer.send();
  await clock.pass(200);
  conversation({ state: "active", agent: "Anna" });
  await clock.pass(500);
  expect(panel.phase.value).toBe("active");
  return panel;
}

const last = <K extends FromPanel["kind"]>(kind: K): Extract<FromPanel, { kind: K }> | undefined => told.findLast((m): m is Extract<FromPanel, { kind: K }> => m.kind === kind);

beforeEach(() => {
  clock = new FakeClock(3);
  server = new FakeServer(clock);
  stored = null;
  legs = [];
  visitors = 0;
  fail = undefined;
});
afterEach(() => {
  for (const link of server.links) link.open = false;
});

describe("the first message", () => {
  test("nothing is stored and nobody is connected before the visitor does something (SITE-8)", async () => {
    const panel = open();
    panel.composer.draft.value = "only typed";
    await clock.pass(10_000);
    expect([stored, visitors, server.links.length]).toEqual([null, 0, 0]);
  });

  test("makes the visitor, connects, asks, and shows the place in line", async () => {
    const panel = open();
    panel.name.value = " Ada ";
    panel.composer.draft.value = "hello";
    await panel.composer.send();
    expect(panel.phase.value).toBe("asking");
    expect(panel.first.value).toBe("hello");
    await clock.pass(200);
    expect(server.heard.find((h) => h.frame.kind === "chat.ask")?.frame.body).toEqual({ text: "hello", name: "Ada" });
    conversation({ position: 2 });
    await clock.pass(50);
    expect([panel.phase.value, panel.conversation.value?.position]).toEqual(["waiting", 2]);
    expect(last("alive")).toMatchObject({ alive: true });
  });

  test("without a network the text stays in the box and the reason is told", async () => {
    const panel = open();
    fail = new TypeError("no network");
    panel.composer.draft.value = "hello";
    await panel.composer.send();
    expect([panel.composer.draft.value, panel.composer.canSend.value, panel.phase.value]).toEqual(["hello", true, "first"]);
    expect(panel.trouble.value).toBe("");
    fail = undefined;
    await panel.composer.send();
    await clock.pass(200);
    expect(server.heard.some((h) => h.frame.kind === "chat.ask")).toBe(true);
  });

  test("a page that goes before the answer: the next one sends it again under the same op", async () => {
    server.accept = false;
    const panel = open();
    panel.composer.draft.value = "hello";
    await panel.composer.send();
    await clock.pass(50);
    panel.hear({ kind: "shown", open: false, focus: false });
    const next = open();
    expect(next.phase.value).toBe("asking");
    expect(next.first.value).toBe("hello");
    server.accept = true;
    await clock.pass(20_000);
    const ops = new Set(server.heard.filter((h) => h.frame.kind === "chat.ask").map((h) => h.frame.op));
    expect(ops.size).toBe(1);
  });

  test("a token that is not known any more is forgotten, and the next message makes a new visitor", async () => {
    stored = JSON.stringify({ token: "old", kept: [] });
    const dial = server.dialSocket;
    server.dialSocket = (events) => {
      const link = dial(events);
      clock.after(6, () => {
        server.links[0]!.silent = true;
        events.text(JSON.stringify({ kind: "error", body: { code: "unauthenticated", message: "Please sign in." } }));
      });
      return link;
    };
    const panel = open();
    await clock.pass(100);
    expect(panel.phase.value).toBe("first");
    expect(stored).toBe(null);
  });
});

describe("a conversation", () => {
  test("climbs to DataChannels", async () => {
    await talking();
    await clock.pass(500);
    expect(server.primary?.kind).toBe("dc");
  });

  test("counts what was not seen, and marks it read when it is", async () => {
    const panel = await talking();
    panel.hear({ kind: "shown", open: false, focus: false });
    server.say(conv, "one");
    server.say(conv, "two");
    await clock.pass(100);
    expect(last("unread")).toEqual({ kind: "unread", count: 2 });
    panel.hear({ kind: "shown", open: true, focus: true });
    await clock.pass(500);
    expect(last("unread")).toEqual({ kind: "unread", count: 0 });
    expect(server.heard.findLast((h) => h.frame.kind === "chat.mark")?.frame.body).toMatchObject({ delivered: 2, read: 2 });
  });

  test("ended keeps its text; a new one begins only when the visitor puts it away, also on the next page", async () => {
    const panel = await talking();
    conversation({ state: "ended", agent: "Anna" });
    await clock.pass(50);
    expect([panel.phase.value, last("alive")?.alive]).toEqual(["ended", false]);
    panel.startNew();
    expect(panel.phase.value).toBe("first");
    const next = open();
    await clock.pass(100);
    expect(next.phase.value).toBe("first");
  });
});

describe("a call", () => {
  const allowed = async (panel: PanelModel): Promise<void> => {
    call({});
    await clock.pass(50);
    void panel.calls.value?.answer(true);
    await clock.pass(50);
    call({ state: "running" });
    await clock.pass(50);
  };

  test("asked by the agent is answered here, then joined; the agent's end ends the leg", async () => {
    const panel = await talking();
    call({});
    await clock.pass(50);
    expect(panel.calls.value?.asked.value?.askedByName).toBe("Anna");
    void panel.calls.value?.answer(true);
    await clock.pass(50);
    expect(server.heard.findLast((h) => h.frame.kind === "call.answer")?.frame.body).toEqual({ call: "1", allow: true });
    call({ state: "running" });
    await clock.pass(50);
    expect(legs.map((l) => l.started)).toEqual([{ audio: true, video: true }]);
    call({ state: "running", tab: "c-1" as never });
    await clock.pass(50);
    expect(legs.length).toBe(1);
    server.items = {};
    server.set(`conversation/${conv}`, { conversation: { conversation: conv, state: "active", last: 0, read: 0 } });
    server.version += 2;
    conversation({ state: "active" });
    await clock.pass(200);
    expect(legs[0]?.ended).toBe(true);
  });

  test("a question says for how long it stands, by the server's clock, and counts down to nothing (CALL-1)", async () => {
    const began = clock.now(); // the server's clock says 0 when it welcomes us, within the first second
    const panel = await talking();
    expect(panel.calls.value?.left.value).toBeUndefined();
    call({ deadline: clock.now() - began + 60_000 });
    await clock.pass(50);
    const first = panel.calls.value?.left.value ?? 0;
    expect(first).toBeGreaterThanOrEqual(59);
    expect(first).toBeLessThanOrEqual(61);
    await clock.pass(10_000);
    expect(panel.calls.value?.left.value).toBe(first - 10);
    await clock.pass(70_000);
    expect(panel.calls.value?.left.value).toBe(0);
    call({ state: "running", deadline: undefined as never });
    await clock.pass(50);
    expect(panel.calls.value?.left.value).toBeUndefined();
    call({ askedBy: "visitor", deadline: clock.now() - began + 60_000 });
    await clock.pass(50);
    expect(panel.calls.value?.left.value).toBeUndefined(); // it is not ours to answer
    call({});
    await clock.pass(50);
    expect(panel.calls.value?.left.value).toBeUndefined(); // it stands until it is answered
    server.set("cobrowse/1", { cobrowse: { cobrowse: cobrowse as never, conversation: conv, state: "asked", agent: "Anna", watchers: 0, deadline: clock.now() - began + 30_000 } });
    await clock.pass(50);
    expect(Math.abs((panel.sharing.value?.left.value ?? 0) - 30)).toBeLessThanOrEqual(1);
  });

  test("comes back by itself on the next page, without asking again (CALL-6)", async () => {
    const panel = await talking();
    await allowed(panel);
    call({ state: "running", tab: "c-0" as never, parties: [{ ordinal: 0, side: "visitor", name: "Vera", you: true, here: true, audio: false, video: true }] });
    await clock.pass(50);
    open(last("own")?.ids);
    await clock.pass(300);
    expect(legs.map((l) => l.started)).toEqual([{ audio: true, video: true }, { audio: false, video: true }]);
  });

  test("allowed in one of two tabs: only that one joins; the other says where it is", async () => {
    const one = await talking();
    const shown = told;
    const { panel: two, other } = await secondTab();
    call({}, other);
    await allowed(one);
    call({ state: "running" }, other);
    await clock.pass(50);
    expect(two.calls.value?.running.value?.call).toBe("1");
    expect(legs.length).toBe(1);
    expect([one.calls.value?.leg.value === undefined, two.calls.value?.leg.value === undefined]).toEqual([false, true]);
    expect(two.calls.value?.elsewhere.value).toBe(false);
    call({ state: "running", tab: "c-1" as never });
    call({ state: "running", tab: "c-9" as never }, other);
    await clock.pass(50);
    expect([one.calls.value?.elsewhere.value, two.calls.value?.elsewhere.value]).toEqual([false, true]);
    expect(shown.findLast((m) => m.kind === "call")).toEqual({ kind: "call", live: true });
    expect(last("call")).toEqual({ kind: "call", live: false });
    expect(legs.length).toBe(1);
  });

  test("a tab without a claim may take a call that nobody holds", async () => {
    const panel = await talking();
    call({ state: "running" });
    await clock.pass(4_000);
    expect([panel.calls.value?.elsewhere.value, legs.length]).toEqual([false, 0]);
    await clock.pass(2_000);
    expect([panel.calls.value?.elsewhere.value, legs.length]).toEqual([true, 0]);
    panel.calls.value?.bringHere();
    expect(legs.length).toBe(1);
  });

  test("taken by another tab of ours: this leg ends and does not come back by itself", async () => {
    const panel = await talking();
    await allowed(panel);
    call({ state: "running", tab: "c-1" as never });
    await clock.pass(50);
    call({ state: "running", tab: "c-9" as never });
    await clock.pass(5_000);
    expect(legs.map((l) => l.ended)).toEqual([true]);
    expect(panel.calls.value?.elsewhere.value).toBe(true);
    panel.calls.value?.bringHere();
    expect(legs.length).toBe(2);
  });
});

describe("a call that was wanted from the first (VIS-6)", () => {
  const heard = (kind: string): unknown[] => server.heard.filter((h) => h.frame.kind === kind).map((h) => h.frame.body);
  const asks = (): unknown[] => heard("call.ask");

  /** A visitor who was never here asks, and waits. */
  async function wanted(media: "audio" | "video", draft = ""): Promise<PanelModel> {
    server = new FakeServer(clock);
    server.acks.set("chat.ask", { conversation: conv });
    stored = null;
    const panel = open();
    panel.composer.draft.value = draft;
    await panel.askCall(media);
    await clock.pass(200);
    conversation({ position: 1, medium: media });
    await clock.pass(50);
    expect([panel.phase.value, panel.canAskCall.value, panel.composer.draft.value]).toEqual(["waiting", false, ""]);
    return panel;
  }

  test("goes without a word, or with what is typed", async () => {
    await wanted("video");
    expect(heard("chat.ask")).toEqual([{ text: "I would like a video call.", medium: "video" }]);
    await wanted("audio", " do you have tea? ");
    expect(heard("chat.ask")).toEqual([{ text: "do you have tea?", medium: "audio" }]);
  });

  test("is asked for by itself when an agent has come, once, also on the next page", async () => {
    await wanted("video");
    const panel = open(last("own")?.ids);
    await clock.pass(300);
    expect(asks()).toEqual([]);
    conversation({ state: "active", agent: "Anna", medium: "video" });
    await clock.pass(50);
    expect(asks()).toEqual([{ conversation: conv, media: "video" }]);
    conversation({ position: 1, medium: "video" }); // back in the queue, and taken again
    await clock.pass(50);
    conversation({ state: "active", agent: "Ben", medium: "video" });
    await clock.pass(50);
    expect([asks().length, panel.phase.value]).toEqual([1, "active"]);
  });

  test("is not asked for by who has chosen to chat, nor by another tab, nor when the agent was quicker", async () => {
    await wanted("video");
    conversation({ state: "active", agent: "Anna", medium: "chat" });
    await clock.pass(50);
    expect(asks()).toEqual([]);
    await wanted("video");
    open([]);
    await clock.pass(300);
    conversation({ state: "active", agent: "Anna", medium: "video" });
    await clock.pass(50);
    expect(asks()).toEqual([]);
    await wanted("video");
    call({});
    await clock.pass(50);
    conversation({ state: "active", agent: "Anna", medium: "video" });
    await clock.pass(50);
    expect(asks()).toEqual([]);
  });

  test("that is refused leaves what was typed, and nothing where nothing was", async () => {
    const panel = open();
    server.refusedKinds.set("chat.ask", { code: "switched_off", message: "This site does not offer that kind of call." });
    for (const draft of ["", "hello"]) {
      panel.composer.draft.value = draft;
      await panel.askCall("video");
      await clock.pass(200);
      expect([panel.phase.value, panel.composer.draft.value, panel.trouble.value]).toEqual(["first", draft, "This site does not offer that kind of call."]);
    }
  });

  test("cannot be had where no conversation can", async () => {
    const panel = open();
    expect(panel.canAskCall.value).toBe(true);
    panel.site.value = { site: "s" as never, name: "Shop", open: false, staffed: false, accepting: false, reason: "closed", audio: true, video: true, cobrowse: true };
    expect(panel.canAskCall.value).toBe(false);
    await panel.askCall("video");
    expect(visitors).toBe(0);
  });
});

describe("co-browse", () => {
  const item = (state: "asked" | "running", watchers = 0, at = server): void => at.set("cobrowse/1", { cobrowse: { cobrowse: cobrowse as never, conversation: conv, state, agent: "Anna", watchers } });
  const packet = (type: number, flags: number, size = 40): ArrayBuffer => {
    const bytes = new Uint8Array(size);
    bytes.set([1, type, flags]);
    return bytes.buffer;
  };

  const shared = async (panel: PanelModel): Promise<void> => {
    item("asked");
    await clock.pass(50);
    void panel.sharing.value?.answer(true);
    item("running");
    await clock.pass(50);
  };

  test("nothing is captured before consent; after it the page is told once, and again when the watchers change (COB-1)", async () => {
    const panel = await talking();
    item("asked");
    await clock.pass(50);
    expect(last("cobrowse")).toBeUndefined();
    panel.hear({ kind: "packet", data: packet(1, 3) });
    expect(server.packets).toBe(0);
    void panel.sharing.value?.answer(true);
    item("running");
    await clock.pass(50);
    expect(last("cobrowse")).toMatchObject({ cobrowse, agent: "Anna", mask: [".x"] });
    panel.hear({ kind: "packet", data: packet(1, 3) });
    panel.hear({ kind: "packet", data: packet(2, 3) });
    expect(server.packets).toBe(2);
    item("running", 2);
    await clock.pass(50);
    expect(last("cobrowse")).toMatchObject({ watchers: 2 });
  });

  test("only the tab that allowed it is shown, and the next page in that tab", async () => {
    const one = await talking();
    const shown = told;
    const { panel: two, other } = await secondTab();
    item("asked", 0, other);
    await shared(one);
    item("running", 0, other);
    await clock.pass(50);
    expect(two.sharing.value?.running.value?.cobrowse).toBe(cobrowse);
    expect(shown.some((m) => m.kind === "cobrowse")).toBe(true);
    two.nudge(); // it comes to the front
    await clock.pass(50);
    two.hear({ kind: "packet", data: packet(1, 3) });
    expect([last("cobrowse"), other.packets, one.sharing.value?.here.value, two.sharing.value?.here.value]).toEqual([undefined, 0, true, false]);
    open(shown.findLast((m) => m.kind === "own")?.ids);
    await clock.pass(300);
    expect(last("cobrowse")).toMatchObject({ cobrowse });
  });

  test("Stop ends it here at once, whatever the network does", async () => {
    const panel = await talking();
    await shared(panel);
    await clock.pass(50);
    for (const link of server.links) link.silent = true;
    panel.hear({ kind: "cobrowse-stop", cobrowse });
    await settle();
    expect(last("cobrowse-end")).toBeDefined();
    const sent = server.packets;
    panel.hear({ kind: "packet", data: packet(1, 3) });
    expect(server.packets).toBe(sent);
  });

  test("the largest picture waits for its way and goes whole; what is more is dropped for a new one", async () => {
    const panel = await talking();
    await shared(panel);
    await clock.pass(500);
    told.length = 0;
    server.full = true;
    const [sent, parts] = [server.packets, 1024]; // parts of 16 KiB: what a server takes as one picture
    for (let i = 0; i < parts; i++) panel.hear({ kind: "packet", data: packet(1, i === 0 ? 1 : 0, 16 << 10) });
    server.full = false;
    await clock.pass(500);
    expect([server.packets - sent, last("cobrowse-snapshot")]).toEqual([parts, undefined]);
    server.full = true;
    for (let i = 0; i < 2 * parts; i++) panel.hear({ kind: "packet", data: packet(2, 3, 16 << 10) });
    server.full = false;
    await clock.pass(500);
    expect([server.packets - sent, last("cobrowse-snapshot")?.kind]).toEqual([parts, "cobrowse-snapshot"]);
  });

  test("after a change of transport a new picture is taken, and changes before it are dropped", async () => {
    const panel = await talking();
    await shared(panel);
    await clock.pass(500);
    told.length = 0;
    server.cut(server.primary!);
    await clock.pass(500);
    expect(last("cobrowse-snapshot")).toBeDefined();
    const sent = server.packets;
    panel.hear({ kind: "packet", data: packet(2, 3) });
    expect(server.packets).toBe(sent);
    panel.hear({ kind: "packet", data: packet(1, 3) });
    expect(server.packets).toBe(sent + 1);
  });
});
