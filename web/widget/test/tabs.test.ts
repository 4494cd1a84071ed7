import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Kept } from "../../shared/src/index.ts";
import { settle } from "../../shared/test/fake-clock.ts";
import { VisitorStore, type Place } from "../src/panel/visitor-store.ts";
import { Shop } from "./shop.ts";

let shop: Shop;

beforeEach(() => {
  shop = new Shop();
});
afterEach(() => shop.close());

describe.each(["panel", "shop"] as const)("two tabs that were open before the first message, kept by the %s (VIS-4)", (where) => {
  test("are one visitor as soon as one of them has asked", async () => {
    const [one, two] = [shop.tab(where), shop.tab(where)];
    await shop.send(one, "from tab one");
    shop.made[0]?.();
    await shop.clock.pass(300);
    expect([shop.tokens(one).length, shop.tokens(two).length]).toEqual([1, 1]);
    expect(shop.tokens(two)).toEqual(shop.tokens(one));
    await shop.send(two, "from tab two");
    await shop.clock.pass(300);
    expect([shop.made.length, shop.tokens(two).length]).toEqual([1, 1]);
  });

  test("are one visitor when both ask at once: the quicker one's", async () => {
    const [one, two] = [shop.tab(where), shop.tab(where)];
    await shop.send(one, "from tab one");
    await shop.send(two, "from tab two");
    expect(shop.made.length).toBe(2);
    shop.made[1]?.();
    await settle();
    shop.made[0]?.();
    await shop.clock.pass(300);
    expect([shop.tokens(one).length, shop.tokens(two).length]).toEqual([1, 1]);
    expect(shop.tokens(one)).toEqual(shop.tokens(two));
    const asked = shop.tabs.map(({ server }) => server.heard.filter(({ frame }) => frame.kind === "chat.ask").length);
    expect(asked).toEqual([1, 1]); // the server makes one conversation of them
  });

  test("are nobody's when the site has ended the visitor in one of them", async () => {
    const [one, two] = [shop.tab(where), shop.tab(where)];
    await shop.send(one, "hello");
    shop.made[0]?.();
    await shop.clock.pass(300);
    one.panel.hear({ kind: "reset", out: shop.clock.now() + 1 });
    await shop.clock.pass(300);
    expect([shop.stored, one.panel.connection.value, two.panel.connection.value, two.panel.phase.value]).toEqual([null, "idle", "idle", "first"]);
    expect(shop.ended).toEqual(["token-0"]);
    await shop.send(two, "somebody else");
    shop.made[1]?.();
    await shop.clock.pass(300);
    expect([shop.tokens(one), shop.tokens(two)]).toEqual([["token-0", "token-1"], ["token-0", "token-1"]]);
  });
});

describe("before the browser has told one tab what another has stored", () => {
  test("the page that keeps it for the panel says that it is out of date", async () => {
    shop.late = true;
    const [one, two] = [shop.tab("shop"), shop.tab("shop")];
    await shop.send(one, "from tab one");
    shop.made[0]?.();
    await shop.clock.pass(300);
    await shop.send(two, "from tab two");
    shop.made[1]?.();
    await shop.clock.pass(300);
    expect([shop.tokens(one), shop.tokens(two).at(-1), JSON.parse(shop.stored ?? "null")]).toMatchObject([["token-0"], "token-0", { token: "token-0" }]);
  });

  test("what it keeps does not bring back a visitor whom the site has ended", async () => {
    shop.late = true;
    for (const where of ["panel", "shop"] as const) {
      shop.stored = null;
      const one = shop.tab(where);
      await shop.send(one, "hello");
      shop.made.at(-1)?.();
      await shop.clock.pass(300);
      shop.stored = null; // another tab has logged out
      one.server.accept = false;
      for (const link of one.server.links) one.server.cut(link);
      await shop.send(one, "and another word");
      await shop.clock.pass(300);
      expect([where, shop.stored]).toEqual([where, null]);
    }
  });

  test("it looks itself, and becomes no visitor of its own", async () => {
    shop.late = true;
    const [one, two] = [shop.tab(), shop.tab()];
    await shop.send(one, "from tab one");
    shop.made[0]?.();
    await shop.clock.pass(300);
    await shop.send(two, "from tab two");
    await shop.clock.pass(300);
    expect([shop.made.length, shop.tokens(one), shop.tokens(two)]).toEqual([1, ["token-0"], ["token-0"]]);
  });

  test("it looks once more when it has been made one", async () => {
    shop.late = true;
    const [one, two] = [shop.tab(), shop.tab()];
    await shop.send(one, "from tab one");
    await shop.send(two, "from tab two");
    shop.made[1]?.();
    await settle();
    shop.made[0]?.();
    await shop.clock.pass(300);
    expect([shop.tokens(one), shop.tokens(two)]).toEqual([["token-1"], ["token-1"]]);
  });
});

describe("what one tab keeps", () => {
  const command = (op: string): Kept => ({ op, kind: "chat.post", body: { text: op } }) as unknown as Kept;
  const place: Place = { read: () => shop.stored, write: (text) => (shop.stored = text) };
  const ops = (): string[] => (JSON.parse(shop.stored ?? "{}") as { kept?: Kept[] }).kept?.map(({ op }) => op) ?? [];

  test("another tab leaves alone, and what it has read itself it takes out when it is done (D3)", () => {
    shop.stored = JSON.stringify({ token: "t", kept: [command("before")] });
    const [one, two] = [new VisitorStore(), new VisitorStore()];
    one.use(place, 0);
    one.change({ kept: [command("before"), command("one")] });
    two.use({ read: () => JSON.stringify({ token: "t", kept: [command("before")] }), write: () => undefined }, 0);
    two.use(place, 0);
    two.change({ kept: [command("before"), command("two")] });
    expect(ops()).toEqual(["one", "before", "two"]);
    two.change({ kept: [] });
    expect(ops()).toEqual(["one"]);
    one.change({ kept: [] });
    expect(ops()).toEqual([]);
  });

  test("a storage that is full does not make it forget who the visitor is", () => {
    const store = new VisitorStore();
    store.use({
      read: () => null,
      write: () => {
        throw new Error("full");
      },
    }, 0);
    store.change({ token: "t" });
    store.refresh();
    expect(store.state.token).toBe("t");
  });

  test("a visitor whom another tab has made meanwhile stays when this one forgets its own", () => {
    const store = new VisitorStore();
    store.use(place, 0);
    store.change({ token: "old" });
    shop.stored = JSON.stringify({ token: "new", kept: [] });
    store.clear();
    expect(JSON.parse(shop.stored)).toMatchObject({ token: "new" });
  });
});
