import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConversationID, ConversationItem } from "../../shared/src/index.ts";
import { settle } from "../../shared/test/fake-clock.ts";
import { Shop, type Tab } from "./shop.ts";

const conversation = "01920000-0000-7000-8000-0000000000aa" as ConversationID;
let shop: Shop;
let one: Tab;
/** What the page was told of the conversation, while the first message is on its way and after. */
const alive = (): boolean[] => one.told.flatMap((m) => (m.kind === "alive" ? [m.alive] : []));
const begins = (part: Partial<ConversationItem> = {}, { server } = one): void => server.set(`conversation/${conversation}`, { conversation: { conversation, state: "queued", last: 0, read: 0, ...part } });
const posted = (): string[] => one.server.heard.flatMap(({ frame }) => (frame.kind === "chat.post" ? [frame.body.text] : []));
const asked = (): string[] => one.server.heard.flatMap(({ frame }) => (frame.kind === "chat.ask" ? [frame.body.text] : []));
const resumed = (): number => one.server.heard.filter(({ frame }) => frame.kind === "connection.resume").length;

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
    expect([one.panel.composer.draft.value, one.panel.next.value]).toEqual(["", ["The second"]]);
    begins();
    await shop.clock.pass(300);
    expect([asked(), posted(), one.panel.composer.draft.value]).toEqual([["The first"], ["The second"], ""]);
  });

  test("is given up after it was asked for once more: it may have begun and be over long ago", async () => {
    await answered();
    await shop.clock.pass(4_500);
    expect([one.panel.phase.value, resumed()]).toEqual(["asking", 0]);
    await shop.clock.pass(500);
    expect([one.panel.phase.value, resumed()]).toEqual(["first", 1]);
  });

  test("is not given up while the way is broken", async () => {
    await answered();
    one.server.accept = false;
    for (const link of one.server.links) one.server.cut(link);
    await shop.clock.pass(60_000);
    expect([one.panel.phase.value, one.panel.first.value]).toEqual(["asking", "The first"]);
    begins();
    one.server.accept = true;
    await shop.clock.pass(20_000);
    expect([one.panel.phase.value, asked(), one.panel.composer.draft.value]).toEqual(["waiting", ["The first"], ""]);
  });

  test("is given up, too, while one new way after the other comes to nothing", async () => {
    const pass = async (ms: number): Promise<void> => {
      for (let at = 0; at < ms; at += 50) {
        for (const link of one.server.links) link.silent ||= link.kind === "dc"; // opens, and carries nothing
        await shop.clock.pass(50);
      }
    };
    await answered();
    begins({ state: "active", agent: "Anna" });
    await pass(1_000);
    begins({ state: "ended" });
    await pass(3_100);
    one.panel.startNew();
    one.server.acks.set("chat.ask", { conversation: "01920000-0000-7000-8000-0000000000bb" as ConversationID });
    await shop.send(one, "Another matter");
    await pass(60_000);
    expect([one.panel.phase.value, one.panel.connection.value]).toEqual(["first", "live"]);
  });

  test("is not given up on a way that has fallen silent", async () => {
    await answered();
    for (const link of one.server.links) link.silent = true;
    one.told.length = 0;
    begins();
    await shop.clock.pass(30_000);
    expect([one.panel.phase.value, asked()]).toEqual(["waiting", ["The first"]]);
    expect(alive()).not.toContain(false);
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
  expect([posted(), one.panel.next.value]).toEqual([[], []]);
});

test("a first message that is refused at once stands in the box once", async () => {
  const long = `It is ${"\u0001".repeat(3_900)} so`; // six bytes each on the wire
  await shop.send(one, long);
  shop.made[0]?.();
  await shop.clock.pass(300);
  expect([one.panel.composer.draft.value.length, one.panel.trouble.value, one.panel.phase.value]).toEqual([long.length, "This is too long to be sent. Send it in parts.", "first"]);
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

test("so does one that is refused after the other tab's conversation was seen", async () => {
  one.server.refusedKinds.set("chat.ask", { code: "wrong_state", message: "Still open.", retry: false });
  await shop.send(one, "From this tab");
  begins({ state: "active", agent: "Anna" });
  shop.made[0]?.();
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

test("one that a page put aside and the page after it both have kept is said once", async () => {
  one.server.accept = false;
  await shop.send(one, "Only once");
  shop.made[0]?.();
  await shop.clock.pass(300);
  one.panel.away(true);
  shop.tabs = [];
  const next = shop.tab();
  shop.tabs.push(one);
  next.server.refusedKinds.set("chat.ask", { code: "wrong_state", message: "Still open.", retry: false });
  begins({ state: "active", agent: "Anna" }, next);
  await shop.clock.pass(1_000);
  next.panel.away(true);
  one.server.accept = true;
  one.server.items = next.server.items;
  one.server.refusedKinds.set("chat.ask", { code: "conflict", message: "Other content.", retry: false }); // its op has been a post's
  one.panel.away(false);
  await shop.clock.pass(10_000);
  const posts = [next, one].map(({ server }) => server.heard.flatMap(({ frame }) => (frame.kind === "chat.post" ? [frame.op] : [])));
  expect([posts[0]?.length, posts[1], one.panel.composer.draft.value, one.panel.trouble.value, one.panel.phase.value]).toEqual([1, [], "", undefined, "active"]);
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
  expect([asked().length, posted(), one.panel.next.value, one.panel.composer.draft.value]).toEqual([1, ["And I have a question"], [], ""]);
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

test("a second message goes with the visitor whom the site logs out", async () => {
  await answered();
  await shop.send(one, "The second");
  one.panel.hear({ kind: "reset", out: shop.clock.now() + 1, here: true });
  await shop.clock.pass(300);
  expect([one.panel.phase.value, one.panel.composer.draft.value, posted(), asked().length, one.panel.next.value]).toEqual(["first", "", [], 1, []]);
});
