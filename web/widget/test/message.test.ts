import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConversationID, ConversationItem, SiteItem } from "../../shared/src/index.ts";
import { FakeClock } from "../../shared/test/fake-clock.ts";
import { FakeServer } from "../../shared/test/fake-server.ts";
import { openingTime } from "../src/panel/opening-time.ts";
import { PanelModel } from "../src/panel/panel-model.ts";
import { VisitorStore } from "../src/panel/visitor-store.ts";
import { minutesOf } from "../src/panel/waiting-model.ts";
import { strings } from "../src/strings.ts";

const conv = "01920000-0000-7000-8000-0000000000aa" as ConversationID;

let clock: FakeClock;
let server: FakeServer;
let stored: string | null;
let status: Partial<SiteItem> | undefined;
let fail: Error | undefined;
let visitors: number;

const site = (part: Partial<SiteItem>): SiteItem => ({ site: "s" as never, name: "Shop", open: true, staffed: true, accepting: true, audio: true, video: true, cobrowse: true, ...part });

function open(): PanelModel {
  const panel = new PanelModel({
    bootstrap: { site: "demo", name: "Shop", origins: [], color: "", hostStorage: true, audio: true, video: true, cobrowse: true, mask: [], limits: { messageCharacters: 4000 } },
    clock,
    rest: {
      newVisitor: () => (fail ? Promise.reject(fail) : (visitors++, Promise.resolve("token"))),
      signOut: () => Promise.resolve(),
      status: () => (status ? Promise.resolve(site(status)) : Promise.reject(new Error("not asked here"))),
    },
    store: new VisitorStore(),
    ownPlace: { read: () => stored, write: (text) => (stored = text) },
    tell: () => undefined,
    transports: { dialSocket: server.dialSocket, dialChannels: server.dialChannels },
    newLeg: () => {
      throw new Error("no calls here");
    },
  });
  panel.hear({ kind: "begin", open: true, focus: false, kept: null, own: [], identity: null });
  return panel;
}

function conversation(part: Partial<ConversationItem>): void {
  server.set(`conversation/${conv}`, { conversation: { conversation: conv, state: "queued", last: 0, read: 0, ...part } });
}

async function waiting(part: Partial<ConversationItem> = {}): Promise<PanelModel> {
  const panel = open();
  panel.composer.draft.value = "hello";
  await panel.composer.send();
  await clock.pass(200);
  conversation({ position: 3, ...part });
  await clock.pass(50);
  expect(panel.phase.value).toBe("waiting");
  return panel;
}

const heard = (kind: string): unknown[] => server.heard.filter((h) => h.frame.kind === kind).map((h) => h.frame.body);

beforeEach(() => {
  clock = new FakeClock(3);
  server = new FakeServer(clock);
  [stored, status, fail, visitors] = [null, undefined, undefined, 0];
});
afterEach(() => {
  for (const link of server.links) link.open = false;
});

describe("a site that takes nobody (SITE-5)", () => {
  test.each([
    [{ open: false, accepting: false, reason: "closed" as const }, "closed"],
    [{ open: false, accepting: false }, "closed"],
    [{ staffed: false, accepting: false, reason: "nobody" as const }, "nobody"],
    [{ accepting: false, reason: "full" as const }, "full"],
    [{ accepting: false, reason: "slow" as const }, "slow"],
    [{ staffed: false }, undefined],
    [{}, undefined],
  ])("says why and takes a message: %j", async (part, reason) => {
    status = part;
    const panel = open();
    panel.composer.draft.value = "typed before";
    await clock.pass(10);
    expect([panel.message.reason.value, panel.message.canChat.value]).toEqual([reason, reason === undefined]);
    expect(panel.composer.draft.value).toBe("typed before");
    expect(visitors).toBe(0);
  });

  test("closes and opens within five seconds, and nothing that was typed is lost", async () => {
    status = {};
    const panel = open();
    await clock.pass(100);
    panel.composer.draft.value = "half a sen";
    status = { open: false, accepting: false, reason: "closed" };
    await clock.pass(5_000);
    expect(panel.message.reason.value).toBe("closed");
    status = {};
    await clock.pass(5_000);
    expect([panel.message.reason.value, panel.composer.draft.value]).toEqual([undefined, "half a sen"]);
  });

  test("that opens again is heard of whichever way tells it last", async () => {
    status = { open: false, accepting: false, reason: "closed" };
    const panel = await waiting();
    server.set("site/s", { site: site({ open: false, accepting: false, reason: "closed" }) });
    conversation({ state: "closed" });
    await clock.pass(50);
    panel.startNew();
    expect(panel.message.reason.value).toBe("closed");
    status = {};
    await clock.pass(6_000);
    expect(panel.message.reason.value).toBeUndefined();
    server.set("site/s", { site: site({ accepting: false, reason: "full" }) });
    await clock.pass(50);
    expect(panel.message.reason.value).toBe("full");
  });

  test("keeps the message for later, and thanks; a new one can begin", async () => {
    status = { open: false, accepting: false, reason: "closed" };
    const panel = open();
    await clock.pass(10);
    panel.composer.draft.value = " Do you have tea? ";
    panel.name.value = "Ada";
    panel.message.email.value = "ada@example.com";
    const focused = panel.focusAsked.value;
    void panel.message.send();
    void panel.message.send(); // a second click
    await clock.pass(300);
    expect(heard("chat.leave_message")).toEqual([{ text: "Do you have tea?", name: "Ada", email: "ada@example.com" }]);
    expect([panel.message.left.value, panel.message.reason.value, panel.composer.draft.value, panel.kept.value]).toEqual([true, undefined, "", true]);
    expect(panel.focusAsked.value).toBe(focused + 1);
    panel.startNew();
    expect([panel.message.left.value, panel.phase.value]).toEqual([false, "first"]);
  });

  test("says what hinders it, and keeps every word", async () => {
    status = { open: false, accepting: false, reason: "closed" };
    const panel = open();
    await clock.pass(10);
    panel.composer.draft.value = "tea";
    fail = new TypeError("no network");
    await panel.message.send();
    expect([panel.message.trouble.value, panel.message.sending.value, panel.composer.draft.value]).toEqual(["", false, "tea"]);
    fail = undefined;
    server.refusedKinds.set("chat.leave_message", { code: "invalid", message: "This is no e-mail address." });
    void panel.message.send();
    await clock.pass(300);
    expect([panel.message.trouble.value, panel.composer.draft.value, panel.message.left.value]).toEqual(["This is no e-mail address.", "tea", false]);
  });

  test("a page that goes before the answer: the next one sends it again under the same op", async () => {
    status = { open: false, accepting: false, reason: "closed" };
    const panel = open();
    await clock.pass(10);
    server.accept = false;
    panel.composer.draft.value = "tea";
    void panel.message.send();
    await clock.pass(50);
    expect(stored).toContain("chat.leave_message");
    server.accept = true;
    open();
    await clock.pass(20_000);
    const ops = new Set(server.heard.filter((h) => h.frame.kind === "chat.leave_message").map((h) => h.frame.op));
    expect(ops.size).toBe(1);
  });
});

describe("where too many wait (SITE-5, VIS-1)", () => {
  test.each([
    ["full", {}, "Too many people are waiting right now. Leave"],
    ["full", { lowMs: 240_000, highMs: 540_000 }, "Too many people are waiting right now: it would take about 4 to 9 minutes. Leave"],
    ["full", { lowMs: 1, highMs: 2 }, "right now: it would take about 1 minute. Leave"],
    ["slow", {}, "You would have to wait long right now. Leave"],
    ["slow", { lowMs: 1_200_000, highMs: 2_400_000 }, "You would have to wait about 20 to 40 minutes right now. Leave"],
  ] as const)("a site that is %s with %o says it", (reason, part, said) => {
    expect(strings.messageReason[reason]("", minutesOf(site({ accepting: false, reason, ...part })))).toContain(said);
  });
});

describe("asking that is refused", () => {
  test.each(["closed", "full"] as const)("as %s: what was typed becomes the text of a message", async (code) => {
    server.refusedKinds.set("chat.ask", { code, message: "Not now." });
    const panel = open();
    panel.composer.draft.value = "hello";
    await panel.composer.send();
    await clock.pass(300);
    expect([panel.phase.value, panel.message.reason.value, panel.composer.draft.value, panel.trouble.value]).toEqual(["first", code, "hello", undefined]);
    expect(panel.message.canChat.value).toBe(true);
    panel.message.back();
    expect(panel.message.reason.value).toBeUndefined();
    server.refusedKinds.clear();
    await panel.composer.send();
    await clock.pass(300);
    expect(heard("chat.ask").length).toBe(2);
  });

  test("for another reason it says so, and the text is in the box again", async () => {
    server.refusedKinds.set("chat.ask", { code: "invalid", message: "Too long." });
    const panel = open();
    panel.composer.draft.value = "hello";
    await panel.composer.send();
    await clock.pass(300);
    expect([panel.message.reason.value, panel.trouble.value, panel.composer.draft.value]).toEqual([undefined, "Too long.", "hello"]);
  });
});

describe("waiting (VIS-1)", () => {
  test("tells the place, and how long as a range of whole minutes where it is known", async () => {
    const panel = await waiting();
    expect(panel.waiting.minutes.value).toBeUndefined();
    for (const [lowMs, highMs, low, high] of [
      [240_000, 540_000, 4, 9],
      [1, 2, 1, 1],
      [0, 60_001, 1, 2],
    ]) {
      conversation({ position: 3, lowMs, highMs } as ConversationItem);
      await clock.pass(50);
      expect(panel.waiting.minutes.value).toEqual({ low, high });
    }
    conversation({ state: "active", agent: "Anna", lowMs: 1, highMs: 2 });
    await clock.pass(50);
    expect(panel.waiting.minutes.value).toBeUndefined();
  });

  test("a place that grows says why", async () => {
    const panel = await waiting();
    expect(panel.waiting.why.value).toBeUndefined();
    conversation({ position: 4, ahead: 1 });
    await clock.pass(50);
    expect(panel.waiting.why.value).toBe("goes_first");
    conversation({ position: 4 });
    await clock.pass(50);
    expect(panel.waiting.why.value).toBe("came_back");
    conversation({ position: 3 });
    await clock.pass(50);
    expect(panel.waiting.why.value).toBeUndefined();
    conversation({ position: 1 });
    await clock.pass(50);
    conversation({ position: 2 });
    await clock.pass(50);
    expect(panel.waiting.why.value).toBe("came_back");
  });

  test("a message can be left instead where the server says so; what was asked stays, and waiting can go on", async () => {
    const panel = await waiting({ choice: true });
    expect(panel.message.reason.value).toBeUndefined();
    panel.message.instead();
    expect([panel.message.reason.value, panel.message.canSend.value]).toEqual(["choice", true]);
    panel.message.back();
    expect(panel.message.reason.value).toBeUndefined();
    panel.message.instead();
    panel.message.email.value = "ada@example.com";
    void panel.message.send();
    await clock.pass(100);
    expect(heard("chat.leave_message")).toEqual([{ conversation: conv, email: "ada@example.com" }]);
    conversation({ state: "closed" });
    await clock.pass(50);
    expect([panel.phase.value, panel.kept.value]).toEqual(["ended", true]);
    panel.startNew();
    expect([panel.phase.value, panel.kept.value]).toEqual(["first", false]);
  });

  test("an agent who comes meanwhile is talked to: the form goes, its text stays", async () => {
    const panel = await waiting({ choice: true });
    panel.message.instead();
    panel.composer.draft.value = "and also";
    conversation({ state: "active", agent: "Anna" });
    await clock.pass(50);
    expect([panel.phase.value, panel.message.reason.value, panel.composer.draft.value]).toEqual(["active", undefined, "and also"]);
  });

  test("with only chat agents there: chat now, or wait", async () => {
    const panel = await waiting({ medium: "video", chatOnly: true });
    expect(panel.waiting.chatOnly.value).toBe(true);
    panel.waiting.keepWaiting();
    expect(panel.waiting.chatOnly.value).toBe(false);
    void panel.stay();
    await clock.pass(100);
    expect(heard("chat.stay")).toEqual([{ conversation: conv }]);
  });

  test("what an older server does not say is not shown", async () => {
    const panel = await waiting({});
    expect([panel.waiting.minutes.value, panel.waiting.why.value, panel.waiting.chatOnly.value, panel.message.reason.value]).toEqual([undefined, undefined, false, undefined]);
  });
});

describe("when a site opens", () => {
  const now = Date.parse("2026-11-22T20:30:00Z"); // a Sunday evening in Berlin
  const at = (text: string, zone = "Europe/Berlin"): string => openingTime(Date.parse(text), now, "en-GB", zone);

  test("is said in the visitor's zone, as people say it", () => {
    expect(at("2026-11-22T21:00:00Z")).toBe("today at 22:00");
    expect(at("2026-11-23T08:00:00Z")).toBe("tomorrow at 9:00");
    expect(at("2026-11-23T08:00:00Z", "Australia/Sydney")).toBe("today at 19:00");
    expect(at("2026-11-25T08:00:00Z")).toBe("Wednesday at 9:00");
    expect(at("2026-11-28T08:00:00Z")).toBe("Saturday at 9:00");
    expect(at("2026-12-28T08:00:00Z")).toBe("on December 28 at 9:00");
  });

  test("is not said of what is over", () => {
    expect(at("2026-11-22T20:30:00Z")).toBe("");
  });
});
