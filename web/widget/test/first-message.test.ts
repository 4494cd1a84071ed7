import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConversationID, ConversationItem, Kept } from "../../shared/src/index.ts";
import { settle } from "../../shared/test/fake-clock.ts";
import { Shop, type Tab } from "./shop.ts";

const conversation = "01920000-0000-7000-8000-0000000000aa" as ConversationID;
let shop: Shop;
let one: Tab;
const stands = (state: ConversationItem["state"], { server } = one): void => server.set(`conversation/${conversation}`, { conversation: { conversation, state, last: 0, read: 0 } });
const said = ({ server } = one): string[] => server.heard.flatMap(({ frame }) => (frame.kind === "chat.ask" || frame.kind === "chat.post" ? [`${frame.kind} ${frame.body.text}`] : []));
const kept = (): string[] => (JSON.parse(shop.stored ?? "{}") as { kept: Kept[] }).kept.map(({ kind, body }) => `${kind} ${"text" in body ? body.text : ""}`);

/** The way is broken, until the server accepts again. */
async function breaks({ server } = one): Promise<void> {
  server.accept = false;
  for (const link of server.links) server.cut(link);
  await shop.clock.pass(100);
}

/** The visitor goes to the next page, where the conversation that another tab began is open. */
async function nextPage(): Promise<void> {
  one.panel.away(true);
  shop.tabs = [];
  one = shop.tab();
  one.server.refusedKinds.set("chat.ask", { code: "wrong_state", message: "Still open.", retry: false });
  stands("active");
  await shop.clock.pass(20_000);
}

beforeEach(async () => {
  shop = new Shop();
  shop.stored = JSON.stringify({ token: "old", kept: [] });
  one = shop.tab();
  await shop.clock.pass(300);
});
afterEach(() => shop.close());

// VIS-4, D3
describe("a first message that was refused, since another tab was quicker,", () => {
  beforeEach(async () => {
    one.server.refusedKinds.set("chat.ask", { code: "wrong_state", message: "Still open.", retry: false });
    await shop.send(one, "From this tab");
    await shop.clock.pass(40);
    await breaks();
  });

  test("is kept while the view is waited for, and said by the next page", async () => {
    await shop.clock.pass(60_000);
    expect([one.panel.phase.value, kept()]).toEqual(["asking", ["chat.ask From this tab"]]);
    await nextPage();
    expect([said(), kept(), one.panel.composer.draft.value, one.panel.phase.value]).toEqual([["chat.ask From this tab", "chat.post From this tab"], [], "", "active"]);
  });

  test("is kept no more when it stands in the conversation, or in the box", async () => {
    for (const open of [true, false]) {
      if (open) stands("active");
      one.server.accept = true;
      await shop.clock.pass(30_000);
      expect([kept(), one.panel.composer.draft.value, said().at(-1)]).toEqual([[], open ? "" : "And another", open ? "chat.post From this tab" : "chat.ask And another"]);
      if (!open) return;
      stands("ended");
      await shop.clock.pass(100);
      one.panel.startNew();
      await shop.send(one, "And another");
      await shop.clock.pass(40);
      expect(kept()).toEqual(["chat.ask And another"]);
    }
  });

  test("goes with the visitor whom the site logs out", async () => {
    one.panel.hear({ kind: "reset", out: shop.clock.now() + 1, here: true });
    await settle();
    one.server.accept = true;
    await shop.clock.pass(30_000);
    expect([shop.stored, one.panel.composer.draft.value, one.panel.phase.value]).toEqual([null, "", "first"]);
  });
});

// VIS-4, D3
test("what two tabs asked while the server was away is said by the next page, one after the other", async () => {
  const two = shop.tab();
  await shop.clock.pass(300);
  for (const tab of [one, two]) await breaks(tab);
  await shop.send(one, "From tab one");
  await shop.send(two, "From tab two");
  two.panel.away(true);
  await nextPage();
  expect([said().filter((text) => text.startsWith("chat.post")), kept()]).toEqual([["chat.post From tab one", "chat.post From tab two"], []]);
});

// VIS-2
describe("a message that is sent while the first one is on its way", () => {
  beforeEach(async () => {
    one.server.acks.set("chat.ask", { conversation });
    await shop.send(one, "First");
    await shop.clock.pass(300);
    await breaks();
    await shop.send(one, "Second");
    await shop.clock.pass(20_000);
  });
  const comesBack = async (): Promise<void> => {
    one.server.accept = true;
    stands("active");
    await shop.clock.pass(30_000);
  };

  test("has left the box, and what is typed there meanwhile is another one", async () => {
    for (const typed of ["", "And more"]) {
      expect([one.panel.composer.draft.value, one.panel.first.value, one.panel.next.value]).toEqual(["", "First", ["Second"]]);
      one.panel.composer.draft.value = typed;
      if (typed === "") continue;
      await comesBack();
      expect([said(), one.panel.composer.draft.value, one.panel.next.value]).toEqual([["chat.ask First", "chat.post Second"], typed, []]);
    }
  });

  test("is followed by the third", async () => {
    await shop.send(one, "Third");
    expect(one.panel.next.value).toEqual(["Second", "Third"]);
    await comesBack();
    expect([said(), kept()]).toEqual([["chat.ask First", "chat.post Second", "chat.post Third"], []]);
  });

  test("is kept for the next page, which says it", async () => {
    expect(kept()).toEqual(["chat.ask Second"]);
    await nextPage();
    expect([said(), kept(), one.panel.composer.draft.value]).toEqual([["chat.ask Second", "chat.post Second"], [], ""]);
  });
});

// VIS-2
test("what is typed while the first visitor of a browser is being made is another message", async () => {
  shop.close();
  shop = new Shop();
  one = shop.tab();
  await shop.send(one, "First");
  one.panel.composer.draft.value = "Half a sen";
  shop.made[0]?.();
  await shop.clock.pass(300);
  expect([said(), one.panel.composer.draft.value]).toEqual([["chat.ask First"], "Half a sen"]);
});
