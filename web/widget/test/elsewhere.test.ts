import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConversationID, ConversationItem } from "../../shared/src/index.ts";
import { settle } from "../../shared/test/fake-clock.ts";
import { Shop, type Tab } from "./shop.ts";

const conversation = "01920000-0000-7000-8000-0000000000aa" as ConversationID;
let shop: Shop;
const stands = ({ server }: Tab, state: ConversationItem["state"]): void => server.set(`conversation/${conversation}`, { conversation: { conversation, state, last: 0, read: 0 } });
const claims = (sub: string): string => `e30.${btoa(JSON.stringify({ sub })).replaceAll("=", "")}.c2ln`;
const draft = ({ panel }: Tab): string => panel.composer.draft.value;

/** The way breaks, and the server that comes back has no such visitor: a cleared one. */
async function breaks({ server }: Tab): Promise<void> {
  server.accept = false;
  for (const link of server.links) server.cut(link);
  await shop.clock.pass(100);
}
async function comesBack({ server }: Tab): Promise<void> {
  server.accept = true;
  server.refusedKinds.set("connection.hello", { code: "unauthenticated", message: "Who?", retry: false });
  await shop.clock.pass(20_000);
}

beforeEach(() => {
  shop = new Shop();
});
afterEach(() => shop.close());

// VIS-4: what the visitor has said and nobody has read stands in the box again, whichever tab hears of it first.
describe.each(["panel", "shop"] as const)("words on their way in one of two tabs, kept in the storage of the %s,", (where) => {
  let tabs: readonly [Tab, Tab];
  beforeEach(async () => {
    shop.stored = JSON.stringify({ token: "old", kept: [] });
    tabs = [shop.tab(where), shop.tab(where)];
    await shop.clock.pass(300);
    for (const tab of tabs) stands(tab, "active");
    await shop.clock.pass(300);
    for (const tab of tabs) await breaks(tab);
    await shop.send(tabs[1], "A long answer");
    tabs[1].panel.composer.draft.value = "What is being typed";
  });

  test("stand in its box again where the other tab learns first that the visitor is unknown", async () => {
    await comesBack(tabs[0]);
    expect([tabs[1].panel.phase.value, draft(tabs[1]), draft(tabs[0])]).toEqual(["first", "A long answer\nWhat is being typed", ""]);
  });

  test("go with the visitor whom the site logs out in the other tab", async () => {
    const out = shop.clock.now() + 1;
    shop.away = true;
    tabs[0].panel.hear({ kind: "reset", out });
    await settle();
    expect(draft(tabs[1])).toBe("What is being typed"); // the page tells of the log-out a little later
    tabs[1].panel.hear({ kind: "reset", out });
    expect(draft(tabs[1])).toBe("");
  });
});

// VIS-4
describe("of two tabs that make a visitor at once, before one has heard of the other,", () => {
  test("the slower one has its words in the box again, and its visitor is ended", async () => {
    shop.late = true;
    const [one, two] = [shop.tab("shop"), shop.tab("shop")];
    await shop.send(one, "From tab one");
    await shop.send(two, "From tab two");
    for (const made of shop.made) {
      made();
      await settle();
    }
    await shop.clock.pass(10_000);
    expect([draft(one), draft(two), shop.ended, shop.tokens(two).at(-1), JSON.parse(shop.stored ?? "{}")]).toMatchObject(["", "From tab two", ["token-1"], "token-0", { token: "token-0", leaving: [] }]);
  });

  test("the visitor whom the slower one does not become is ended", async () => {
    const [one, two] = [shop.tab(), shop.tab()];
    await shop.send(one, "From tab one");
    await shop.send(two, "From tab two");
    for (const made of shop.made) made();
    await shop.clock.pass(300);
    expect([shop.ended, shop.tokens(one), shop.tokens(two), draft(two)]).toEqual([["token-1"], ["token-0"], ["token-0"], ""]);
  });
});

// SITE-9
describe("words in the box of somebody who was known by name, whom the server does not know any more,", () => {
  let one: Tab;
  beforeEach(async () => {
    shop.stored = JSON.stringify({ token: "old", kept: [] });
    one = shop.tab("panel", { identity: claims("anne") });
    await shop.clock.pass(300);
    stands(one, "active");
    await shop.clock.pass(100);
    await breaks(one);
    await shop.send(one, "What Anne has to say");
    await comesBack(one);
    expect([one.panel.phase.value, draft(one)]).toEqual(["first", "What Anne has to say"]);
  });

  test("go when the site names somebody else", () => {
    one.panel.name.value = "Anne";
    one.panel.hear({ kind: "identify", identity: claims("ben") });
    expect([draft(one), one.panel.name.value]).toEqual(["", ""]);
  });

  test("stay for that person, and for a name that cannot be read", () => {
    for (const identity of [claims("anne"), "unreadable"]) {
      one.panel.hear({ kind: "identify", identity });
      expect(draft(one)).toBe("What Anne has to say");
    }
  });

  test("are in no box of a tab where another tab's visitor is somebody else", async () => {
    shop.stored = JSON.stringify({ token: "of ben", who: "ben", kept: [] });
    one.panel.storedElsewhere();
    await shop.clock.pass(300);
    expect([draft(one), shop.tokens(one).at(-1)]).toEqual(["", "of ben"]);
  });
});
