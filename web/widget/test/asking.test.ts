import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConversationID, ConversationItem } from "../../shared/src/index.ts";
import { settle } from "../../shared/test/fake-clock.ts";
import { Shop, type Tab } from "./shop.ts";

const conversation = "01920000-0000-7000-8000-0000000000aa" as ConversationID;
let shop: Shop;
let one: Tab;
/** What the page was told of the conversation, while the first message is on its way and after. */
const alive = (): boolean[] => one.told.flatMap((m) => (m.kind === "alive" ? [m.alive] : []));
const begins = (part: Partial<ConversationItem> = {}): void => one.server.set(`conversation/${conversation}`, { conversation: { conversation, state: "queued", last: 0, read: 0, ...part } });
const posted = (): string[] => one.server.heard.flatMap(({ frame }) => (frame.kind === "chat.post" ? [frame.body.text] : []));
const asked = (): string[] => one.server.heard.flatMap(({ frame }) => (frame.kind === "chat.ask" ? [frame.body.text] : []));

/** The first message is acknowledged, and the view does not have the conversation yet. */
async function answered(): Promise<void> {
  await shop.send(one, "The first");
  shop.made[0]?.();
  await shop.clock.pass(300);
  expect([asked(), one.panel.phase.value]).toEqual([["The first"], "asking"]);
}

beforeEach(() => {
  shop = new Shop();
  one = shop.tab();
  one.server.acks.set("chat.ask", { conversation });
});
afterEach(() => shop.close());

// VIS-1, VIS-2
describe("the first message, acknowledged before the conversation is in the view,", () => {
  test("goes on being shown, and the page is told of nothing that has ended", async () => {
    await answered();
    one.told.length = 0;
    await shop.clock.pass(1_000);
    expect([one.panel.phase.value, one.panel.first.value]).toEqual(["asking", "The first"]);
    begins();
    await shop.clock.pass(100);
    expect([one.panel.phase.value, one.panel.first.value], "the log does not have it yet").toEqual(["waiting", "The first"]);
    one.server.say(conversation, "The first", "visitor");
    await shop.clock.pass(100);
    expect(one.panel.first.value).toBe(undefined);
    expect(alive()).not.toContain(false);
  });

  test("is followed by the second one in the same conversation", async () => {
    await answered();
    await shop.send(one, "The second");
    expect(one.panel.composer.draft.value).toBe("The second");
    begins();
    await shop.clock.pass(300);
    expect([asked(), posted(), one.panel.composer.draft.value]).toEqual([["The first"], ["The second"], ""]);
  });

  test("is given up after 5 s: it may have begun and be over long ago", async () => {
    await answered();
    await shop.clock.pass(5_000);
    expect(one.panel.phase.value).toBe("first");
  });
});

test("a first message that is refused stands in the box again, before the second one", async () => {
  one.server.refusedKinds.set("chat.ask", { code: "rate_limited", message: "Too fast.", retry: false });
  await shop.send(one, "The first");
  shop.made[0]?.();
  await settle();
  await shop.send(one, "The second");
  await shop.clock.pass(300);
  expect([one.panel.composer.draft.value, one.panel.trouble.value, one.panel.phase.value]).toEqual(["The first\nThe second", "Too fast.", "first"]);
  await settle();
  expect([posted(), one.panel.composer.state.value]).toEqual([[], "failed"]);
});

// VIS-4
test("a first message that another tab was quicker with goes into the conversation that has begun", async () => {
  one.server.refusedKinds.set("chat.ask", { code: "wrong_state", message: "Still open.", retry: false });
  await shop.send(one, "From this tab");
  shop.made[0]?.();
  await shop.clock.pass(300);
  begins({ state: "active", agent: "Anna" });
  await shop.clock.pass(300);
  expect([posted(), one.panel.composer.draft.value, one.panel.trouble.value, one.panel.phase.value]).toEqual([["From this tab"], "", undefined, "active"]);
});

test("a first message that is refused though nothing is open says why", async () => {
  one.server.refusedKinds.set("chat.ask", { code: "wrong_state", message: "Still open.", retry: false });
  await shop.send(one, "From this tab");
  shop.made[0]?.();
  await shop.clock.pass(6_000);
  expect([posted(), one.panel.composer.draft.value, one.panel.trouble.value, one.panel.phase.value]).toEqual([[], "From this tab", "Still open.", "first"]);
});

// SITE-9
describe("a first message that is refused because something is open, and a log-out before that is seen:", () => {
  beforeEach(async () => {
    one.server.refusedKinds.set("chat.ask", { code: "wrong_state", message: "Still open.", retry: false });
    await shop.send(one, "Of who was here before");
    shop.made[0]?.();
    await shop.clock.pass(300);
    one.panel.hear({ kind: "reset", out: shop.clock.now() + 1, here: true });
    await shop.clock.pass(100);
    one.server.refusedKinds.clear();
  });

  test("it comes back into no box", async () => {
    await shop.clock.pass(6_000);
    expect([one.panel.composer.draft.value, one.panel.trouble.value]).toEqual(["", undefined]);
  });

  test("it goes into nobody else's conversation", async () => {
    await shop.send(one, "Of the next one");
    shop.made[1]?.();
    await shop.clock.pass(300);
    begins({ state: "active", agent: "Anna" });
    await shop.clock.pass(6_000);
    expect([shop.tokens(one), asked(), posted(), one.panel.composer.draft.value]).toEqual([["token-0", "token-1"], ["Of who was here before", "Of the next one"], [], ""]);
  });
});

test("a message that is sent while a call is being asked for follows that", async () => {
  void one.panel.askCall("video");
  await settle();
  await shop.send(one, "And I have a question");
  one.told.length = 0;
  shop.made[0]?.();
  await shop.clock.pass(300);
  begins();
  await shop.clock.pass(300);
  expect([asked().length, posted(), one.panel.composer.state.value, one.panel.composer.draft.value]).toEqual([1, ["And I have a question"], "idle", ""]);
  expect(alive()).not.toContain(false);
});

test("what one conversation began with is not shown in another", async () => {
  await answered();
  begins();
  one.server.say(conversation, "The first", "visitor");
  await shop.clock.pass(100);
  begins({ state: "ended" });
  await shop.clock.pass(100);
  one.panel.startNew();
  const next = "01920000-0000-7000-8000-0000000000bb" as ConversationID; // begun in another tab
  one.server.set(`conversation/${next}`, { conversation: { conversation: next, state: "queued", last: 0, read: 0 } });
  await shop.clock.pass(100);
  expect([one.panel.phase.value, one.panel.first.value]).toEqual(["waiting", undefined]);
});

test("a first message on its way to a server that does not know the visitor any more stands in the box again", async () => {
  await answered();
  begins({ state: "ended" });
  await shop.clock.pass(300);
  one.panel.startNew();
  one.server.accept = false;
  for (const link of one.server.links) one.server.cut(link);
  await shop.clock.pass(100);
  await shop.send(one, "Another matter");
  expect([one.panel.phase.value, one.panel.composer.draft.value]).toEqual(["asking", ""]);
  one.server.accept = true;
  one.server.refusedKinds.set("connection.hello", { code: "unauthenticated", message: "Who?", retry: false });
  await shop.clock.pass(20_000);
  expect([one.panel.phase.value, one.panel.composer.draft.value, asked()]).toEqual(["first", "Another matter", ["The first"]]);
});

test("a second message goes with the visitor whom the site logs out", async () => {
  await answered();
  await shop.send(one, "The second");
  one.panel.hear({ kind: "reset", out: shop.clock.now() + 1, here: true });
  await shop.clock.pass(300);
  expect([one.panel.phase.value, one.panel.composer.draft.value, posted(), asked().length]).toEqual(["first", "", [], 1]);
});
