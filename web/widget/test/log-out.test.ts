import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { settle } from "../../shared/test/fake-clock.ts";
import { Shop, type Tab } from "./shop.ts";

let shop: Shop;

beforeEach(() => {
  shop = new Shop();
});
afterEach(() => shop.close());

const claims = (sub: string): string => `e30.${btoa(JSON.stringify({ aud: "demo", sub })).replaceAll("=", "")}.c2ln`;
const forgotten = ({ told }: Tab): unknown => told.findLast(({ kind }) => kind === "forgotten");
const leaving = (): unknown => (JSON.parse(shop.stored ?? "{}") as { leaving?: unknown }).leaving;

async function talks(tab: Tab, text = "hello"): Promise<void> {
  await shop.send(tab, text);
  shop.made.at(-1)?.();
  await shop.clock.pass(300);
}

// SITE-9, VIS-4
describe.each(["panel", "shop"] as const)("a log-out of the site, with what is kept in the storage of the %s", (where) => {
  test("that came while there was no panel is done before anything is shown or connected", async () => {
    shop.stored = JSON.stringify({ token: "old", kept: [] }); // as an earlier version wrote it
    const one = shop.tab(where, { out: 1 });
    await shop.clock.pass(3000);
    expect([shop.stored, shop.ended, one.server.links.length, one.panel.phase.value, forgotten(one)]).toEqual([null, ["old"], 0, "first", { kind: "forgotten", out: 1 }]);
  });

  test("that never was ends nobody", async () => {
    shop.stored = JSON.stringify({ token: "old", kept: [] });
    const one = shop.tab(where);
    await shop.clock.pass(300);
    expect([shop.ended, shop.tokens(one)]).toEqual([[], ["old"]]);
  });

  test("is over for whoever comes after it, however often it is told", async () => {
    const out = shop.clock.now() + 60_000; // a page whose clock was ahead
    const one = shop.tab(where, { out });
    await talks(one);
    const next = shop.tab(where, { out });
    one.panel.hear({ kind: "reset", out });
    await shop.clock.pass(300);
    expect([shop.ended, shop.tokens(next), one.panel.connection.value]).toEqual([[], ["token-0"], "live"]);
    next.panel.hear({ kind: "reset", out: out + 1 });
    await shop.clock.pass(300);
    expect([shop.stored, shop.ended]).toEqual([null, ["token-0"]]);
  });

  test("heard late ends nobody who was made after it", async () => {
    const one = shop.tab(where);
    const before = shop.clock.now() - 1;
    await talks(one);
    one.panel.hear({ kind: "reset", out: before });
    await shop.clock.pass(300);
    expect([shop.ended, one.panel.connection.value]).toEqual([[], "live"]);
  });

  test("heard late leaves the words of the visitor who was made here after it", async () => {
    const one = shop.tab(where);
    const before = shop.clock.now() - 1;
    await talks(one);
    const { composer, name, message } = one.panel;
    [composer.draft.value, name.value, message.email.value] = ["new words", "Ben", "ben@example.com"];
    one.panel.hear({ kind: "reset", out: before });
    await settle();
    expect([shop.ended, composer.draft.value, name.value, message.email.value]).toEqual([[], "new words", "Ben", "ben@example.com"]);
  });

  test("heard late takes the words of before also where another tab has made a visitor since", async () => {
    const [one, two] = [shop.tab(where), shop.tab(where)];
    await talks(one);
    two.panel.composer.draft.value = "of the first person";
    const out = shop.clock.now() + 1;
    one.panel.hear({ kind: "reset", out });
    await shop.clock.pass(300);
    await talks(one, "the next person");
    expect(shop.tokens(two)).toEqual(["token-0", "token-1"]);
    two.panel.hear({ kind: "reset", out });
    await settle();
    expect([shop.ended, two.panel.composer.draft.value, two.panel.connection.value]).toEqual([["token-0"], "", "live"]);
  });

  test("of this page ends who is there, also where the clock was set back since that visitor was made", async () => {
    const one = shop.tab(where);
    await talks(one);
    expect(one.told.findLast((m) => m.kind === "alive")?.made).toBeGreaterThan(shop.clock.now() - 10_000);
    one.panel.hear({ kind: "reset", out: shop.clock.now() - 3_600_000, here: true });
    await settle();
    expect([shop.ended, one.panel.phase.value]).toEqual([["token-0"], "first"]);
  });

  test("leaves nothing in any tab: no words, no name, nobody whom the page has named", async () => {
    const tabs = [shop.tab(where), shop.tab(where)];
    for (const { panel } of tabs) panel.hear({ kind: "identify", identity: claims("anne") });
    await talks(tabs[0] as Tab);
    for (const { panel } of tabs) {
      panel.composer.draft.value = "my address is";
      panel.name.value = "Anne";
      panel.message.email.value = "anne@example.com";
      panel.confirmEnd.value = true;
    }
    const out = shop.clock.now() + 1;
    for (const { panel } of tabs) panel.hear({ kind: "reset", out });
    await shop.clock.pass(300);
    for (const { panel } of tabs) {
      const { composer, name, message, identified, confirmEnd, phase, first } = panel;
      expect([composer.draft.value, name.value, message.email.value, identified.value, confirmEnd.value, phase.value, first.value]).toEqual(["", "", "", false, false, "first", undefined]);
    }
    await talks(tabs[1] as Tab, "the next person");
    expect([shop.named.at(-1), shop.tokens(tabs[0] as Tab)]).toEqual([undefined, ["token-0", "token-1"]]);
  });

  test("in another tab ends a visitor who is only being made here, and the next one can ask at once", async () => {
    const one = shop.tab(where);
    await shop.send(one, "secret before the log-out");
    one.panel.hear({ kind: "reset", out: shop.clock.now() + 1 });
    await settle();
    expect([one.panel.phase.value, one.panel.first.value, one.panel.composer.draft.value, one.panel.trouble.value]).toEqual(["first", undefined, "", undefined]);
    await shop.send(one, "the next person");
    shop.made[1]?.();
    await settle();
    shop.made[0]?.();
    await shop.clock.pass(300);
    expect([shop.ended, shop.tokens(one), JSON.parse(shop.stored ?? "{}")]).toMatchObject([["token-0"], ["token-1"], { token: "token-1" }]);
  });

  test("with the server away is done when it is back, and only then told", async () => {
    const one = shop.tab(where);
    await talks(one);
    shop.away = true;
    const out = shop.clock.now() + 1;
    one.told.length = 0;
    one.panel.hear({ kind: "reset", out });
    await shop.clock.pass(5_000);
    expect([one.panel.phase.value, leaving(), forgotten(one)]).toEqual(["first", ["token-0"], undefined]);
    expect(shop.ended.length).toBeGreaterThan(1);
    expect(shop.ended.length).toBeLessThan(6);
    await talks(one, "the next person");
    shop.away = false;
    await shop.clock.pass(60_000);
    expect([leaving(), forgotten(one), JSON.parse(shop.stored ?? "{}")]).toMatchObject([[], { kind: "forgotten", out }, { token: "token-1" }]);
    expect(new Set(shop.ended)).toEqual(new Set(["token-0"]));
  });

  test("with the server away is done at once when the page is online again", async () => {
    const one = shop.tab(where);
    await talks(one);
    shop.away = true;
    one.panel.hear({ kind: "reset", out: shop.clock.now() + 1 });
    await shop.clock.pass(200_000);
    shop.away = false;
    one.panel.nudge();
    await settle();
    expect([shop.stored, forgotten(one)]).toMatchObject([null, { kind: "forgotten" }]);
  });

  test("with the server away is done by the next page, or by another tab", async () => {
    for (const next of ["page", "tab"]) {
      const one = shop.tab(where);
      const two = shop.tab(where);
      await talks(one);
      const token = `token-${shop.made.length - 1}`;
      shop.away = true;
      one.panel.hear({ kind: "reset", out: shop.clock.now() + 1 });
      await settle();
      shop.tabs = shop.tabs.filter((tab) => tab !== one && (next === "tab" || tab !== two)); // the browser has closed it
      shop.away = false;
      shop.ended = [];
      if (next === "tab") two.panel.nudge();
      else shop.tab(where, { out: shop.clock.now() + 1 });
      await settle();
      expect([next, shop.ended, shop.stored]).toEqual([next, [token], null]);
    }
  });

  test("tells the page for whom a visitor was made", async () => {
    const one = shop.tab(where);
    one.panel.hear({ kind: "identify", identity: claims("anne") });
    await talks(one);
    const who = (): unknown => one.told.findLast((m) => m.kind === "alive")?.who;
    expect(who()).toMatch(/^\w+$/);
    one.panel.hear({ kind: "reset", out: shop.clock.now() + 1 });
    expect(who()).toBe(null);
    await talks(one, "nobody the site knows");
    expect(who()).toBe(null);
  });
});

// SITE-9
describe.each(["panel", "shop"] as const)("who began unnamed, kept in the storage of the %s,", (where) => {
  const who = (tab: Tab): unknown => tab.told.findLast((m) => m.kind === "alive")?.who;
  const named = (): unknown => (JSON.parse(shop.stored ?? "{}") as { who?: unknown }).who;

  test("is the first person whom the site names, in all tabs and on later pages", async () => {
    const [one, two] = [shop.tab(where), shop.tab(where)];
    await talks(one);
    expect([who(one), named()]).toEqual([null, undefined]);
    shop.late = where === "panel"; // the other tab is not told yet
    one.panel.hear({ kind: "identify", identity: claims("anne") });
    expect(who(one)).toMatch(/^\w+$/);
    await settle();
    expect(named()).toBe(who(one));
    await shop.send(two, "From the other tab"); // which writes what is kept
    await settle();
    expect([named(), who(shop.tab(where))]).toEqual([who(one), who(one)]);
    (where === "shop" ? two : one).panel.hear({ kind: "identify", identity: claims("ben") }); // the page logs out first: this is not for the panel to change
    expect(named()).toBe(who(one));
  });

  test("is told to the page whenever it names somebody: it may have lost that, and logs out then", async () => {
    const one = shop.tab(where, { identity: claims("anne") });
    await talks(one);
    const anne = who(one);
    expect(anne).toMatch(/^\w+$/);
    one.told.length = 0;
    one.panel.hear({ kind: "identify", identity: claims("ben") });
    expect(who(one)).toBe(anne);
  });

  test("and is named before the page has begun, is not said to be nobody", async () => {
    await talks(shop.tab(where));
    const next = shop.tab(where, { who: "mark" });
    next.told.length = 0;
    next.panel.hear({ kind: "identify", identity: claims("anne") }); // the view is not there yet
    expect(next.told.filter((m) => m.kind === "alive" && !m.alive)).toEqual([]);
  });

  test("and was named before the panel was there, is that person", async () => {
    await talks(shop.tab(where));
    const next = shop.tab(where, { who: "mark" });
    await shop.clock.pass(300);
    expect([who(next), named()]).toEqual(["mark", "mark"]);
  });

  test("and is named while the visitor is being made, is that person", async () => {
    const one = shop.tab(where);
    await shop.send(one, "Who am I?");
    one.panel.hear({ kind: "identify", identity: claims("anne") });
    shop.made.at(-1)?.();
    await settle();
    expect(who(one)).toMatch(/^\w+$/);
    expect(shop.named).toEqual([undefined]);
  });
});

// D3, SITE-9
test("what the page said of its storage before it heard the last word of the panel loses nobody's words", async () => {
  const one = shop.tab("shop");
  await talks(one);
  one.told.length = 0;
  one.panel.hear({ kind: "reset", out: shop.clock.now() + 1 });
  await settle();
  const [leave, gone] = one.told.filter((m) => m.kind === "keep");
  expect([leave?.value?.includes("token-0"), gone?.value, gone?.n]).toEqual([true, null, (leave?.n ?? 0) + 1]);
  one.told.length = 0;
  one.panel.hear({ kind: "kept", kept: leave?.value ?? null, n: leave?.n ?? 0 }); // late: the page holds null by now
  await shop.send(one, "the next person");
  shop.made.at(-1)?.();
  await shop.clock.pass(500);
  expect(one.told.find((m) => m.kind === "keep")?.was).toBe(null);
  expect(one.server.heard.at(-1)?.frame).toMatchObject({ kind: "chat.ask", body: { text: "the next person" } });
  expect([one.panel.connection.value, JSON.parse(shop.stored ?? "{}")]).toMatchObject(["live", { token: "token-1" }]);
});

test("a visitor whom the server does not know any more stays who the page says, in the other tab too", () => {
  shop.stored = JSON.stringify({ token: "old", kept: [] });
  const [one, two] = [shop.tab(), shop.tab()];
  for (const { panel } of [one, two]) panel.hear({ kind: "identify", identity: claims("anne") });
  shop.stored = null; // the first has begun anew
  two.panel.storedElsewhere();
  expect([two.panel.phase.value, two.panel.identified.value]).toEqual(["first", true]);
});

test("what an earlier version of the loader tells is a log-out now", async () => {
  shop.stored = JSON.stringify({ token: "old", kept: [] });
  const one = shop.tab("panel", { forget: true, out: undefined as never });
  await talks(one);
  one.panel.hear({ kind: "reset" });
  await settle();
  expect(shop.ended).toEqual(["old", "token-0"]);
});
