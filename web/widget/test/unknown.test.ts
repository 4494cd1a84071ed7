import { afterEach, beforeEach, expect, test } from "vitest";
import type { ConversationID, ConversationItem } from "../../shared/src/index.ts";
import { settle } from "../../shared/test/fake-clock.ts";
import { Shop, type Tab } from "./shop.ts";

const conversation = "01920000-0000-7000-8000-0000000000aa" as ConversationID;
let shop: Shop;
let one: Tab;
const stands = (state: ConversationItem["state"]): void => one.server.set(`conversation/${conversation}`, { conversation: { conversation, state, last: 0, read: 0 } });
const said = (): string[] => one.server.heard.flatMap(({ frame }) => (frame.kind === "chat.ask" || frame.kind === "chat.post" ? [frame.body.text] : []));

/** The way breaks, and the server that comes back has no such visitor: a cleared one. */
async function breaks(): Promise<void> {
  one.server.accept = false;
  for (const link of one.server.links) one.server.cut(link);
  await shop.clock.pass(100);
}
async function comesBack(): Promise<void> {
  one.server.accept = true;
  one.server.refusedKinds.set("connection.hello", { code: "unauthenticated", message: "Who?", retry: false });
  await shop.clock.pass(20_000);
}

beforeEach(async () => {
  shop = new Shop();
  one = shop.tab();
  one.server.acks.set("chat.ask", { conversation });
  await shop.send(one, "The first");
  shop.made[0]?.();
  await shop.clock.pass(100);
  stands("active");
  await shop.clock.pass(100);
});
afterEach(() => shop.close());

// A server that does not know the visitor any more: what the visitor has said and nobody has read stands in the box again.
test("a message on its way stands in the box again", async () => {
  await breaks();
  await shop.send(one, "A long answer");
  await shop.send(one, "And one more");
  expect([one.panel.phase.value, one.panel.composer.draft.value]).toEqual(["active", ""]);
  one.panel.composer.draft.value = "What is being typed";
  await comesBack();
  expect([one.panel.phase.value, one.panel.composer.draft.value, said()]).toEqual(["first", "A long answer\nAnd one more\nWhat is being typed", ["The first"]]);
});

test("a message that the page before had on its way stands in the box of the next one", async () => {
  await breaks();
  await shop.send(one, "A long answer");
  one.panel.away(true);
  shop.tabs = [];
  one = shop.tab();
  await comesBack();
  expect([one.panel.phase.value, one.panel.composer.draft.value]).toEqual(["first", "A long answer"]);
});

test("a first message on its way stands in the box again", async () => {
  stands("ended");
  await shop.clock.pass(100);
  one.panel.startNew();
  await breaks();
  await shop.send(one, "Another matter");
  expect([one.panel.phase.value, one.panel.composer.draft.value]).toEqual(["asking", ""]);
  await comesBack();
  expect([one.panel.phase.value, one.panel.composer.draft.value, said()]).toEqual(["first", "Another matter", ["The first"]]);
});

test("what the panel said for who wanted a call comes into no box", async () => {
  stands("ended");
  await shop.clock.pass(100);
  one.panel.startNew();
  await breaks();
  void one.panel.askCall("video");
  await settle();
  await comesBack();
  expect([one.panel.phase.value, one.panel.composer.draft.value]).toEqual(["first", ""]);
});

test("who is being made while the visitor of another tab turns out to be unknown keeps what was typed", async () => {
  shop.close();
  shop = new Shop();
  one = shop.tab();
  await shop.send(one, "Long thought words");
  await shop.send(shop.tab(), "From the other");
  one.server.refusedKinds.set("connection.hello", { code: "unauthenticated", message: "Who?", retry: false });
  shop.made[1]?.();
  await shop.clock.pass(1_000);
  expect([one.panel.phase.value, one.panel.composer.draft.value]).toEqual(["first", "Long thought words"]);
});
