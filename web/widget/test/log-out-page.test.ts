// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FromPanel, ToPanel } from "../src/port.ts";
import { Widget } from "../src/loader/widget.ts";
import { whoOf } from "../src/who.ts";

/** The panels that were loaded, the last one first, with what they were told. */
const panels = vi.hoisted((): { hear: (message: FromPanel) => void; told: ToPanel[] }[] => []);
vi.mock("../src/loader/frame.ts", () => ({
  PanelFrame: class {
    readonly element = document.createElement("div");
    readonly told: ToPanel[] = [];
    constructor(_address: string, _title: string, hear: (message: FromPanel) => void) {
      panels.unshift({ hear, told: this.told });
    }
    send(message: ToPanel): void {
      this.told.push(message);
    }
  },
}));

const key = "parlour:demo";
const kept = JSON.stringify({ token: "old", kept: [] });
const claims = (sub: string, more = ""): string => `e30.${btoa(JSON.stringify({ sub, more })).replaceAll("=", "")}.c2ln`;
/** What the panel says of a visitor who was made under that name. */
const marked = (sub: string): string | undefined => whoOf(claims(sub));
const memory = (): Record<string, unknown> => JSON.parse(localStorage.getItem(key) ?? "{}") as Record<string, unknown>;
const was = (part: object): void => localStorage.setItem(key, JSON.stringify({ open: false, alive: false, used: true, kept: null, ...part }));
/** What the pages that are open listen to. */
const listened: Parameters<typeof addEventListener>[] = [];
const page = (): Widget => {
  const listens = vi.spyOn(globalThis, "addEventListener");
  const widget = new Widget("https://chat.test", "demo", "");
  listened.push(...listens.mock.calls);
  listens.mockRestore();
  return widget;
};
const told = (): ToPanel[] => panels[0]?.told ?? [];
const hear = (message: FromPanel): void => panels[0]?.hear(message);
const begun = (): Extract<ToPanel, { kind: "begin" }> | undefined => told().findLast((m) => m.kind === "begin");
const resets = (): ToPanel[] => told().filter((m) => m.kind === "reset");

/** Another tab writes; `left` is what this page reads then. */
function elsewhere(part: object, left?: string): void {
  was(part);
  const newValue = localStorage.getItem(key);
  if (left !== undefined) localStorage.setItem(key, left);
  dispatchEvent(Object.assign(new Event("storage"), { key, newValue, storageArea: localStorage }));
}

/** The visitor leaves all pages. */
function leave(): void {
  dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false }));
  for (const [kind, listener] of listened.splice(0)) removeEventListener(kind, listener);
  vi.clearAllTimers();
  panels.length = 0;
}

beforeEach(() => {
  vi.useFakeTimers();
  leave();
  localStorage.clear();
});
afterEach(() => vi.useRealTimers());

// SITE-9
describe("a log-out", () => {
  test("before the panel is there leaves what it kept here for it to end, and says from when", () => {
    was({ kept });
    const widget = page();
    expect(panels.length).toBe(0);
    widget.reset();
    hear({ kind: "ready" });
    expect(begun()).toMatchObject({ kept, out: memory()["out"], identity: null, open: false });
    expect(begun()?.out).toBeGreaterThan(Date.now() - 10_000);
  });

  test("is remembered for the next page until the panel has done all of it, and as a moment then", () => {
    was({});
    page().reset();
    const out = memory()["out"] as number;
    expect(memory()).toMatchObject({ forget: true, used: false });
    panels.length = 0;
    page();
    hear({ kind: "ready" });
    expect([panels.length, begun()?.out]).toEqual([1, out]);
    hear({ kind: "forgotten", out: out - 1 }); // an earlier one
    expect(memory()["forget"]).toBe(true);
    hear({ kind: "forgotten", out });
    expect(memory()).toEqual({ open: false, alive: false, used: false, forget: false, kept: null, who: null, made: 0, out });
    panels.length = 0;
    page();
    expect(panels.length).toBe(0);
  });

  test("of another tab, or while this page was put aside, is told to the panel here, and the identity goes", () => {
    for (const how of ["storage", "cleared", "pageshow"]) {
      localStorage.clear();
      was({ alive: true });
      const widget = page();
      hear({ kind: "ready" });
      widget.identify(claims("anne"));
      const out = Date.now() + 5;
      if (how !== "pageshow") elsewhere({ forget: true, out }, how === "cleared" ? "null" : undefined);
      else {
        was({ forget: true, out });
        dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
      }
      expect([how, resets()]).toEqual([how, [{ kind: "reset", out }]]);
      elsewhere({ forget: false, out });
      expect(resets().length).toBe(1);
      hear({ kind: "ready" });
      expect(begun()).toMatchObject({ identity: null, out });
    }
  });

  test("takes the identity also where no panel was ever there, in this tab and the others", () => {
    for (const how of ["here", "elsewhere"]) {
      localStorage.clear();
      const widget = page();
      widget.identify(claims("anne"));
      if (how === "here") widget.reset();
      else elsewhere({ used: false, out: Date.now() });
      expect([how, panels.length, memory()["out"]]).toEqual([how, 0, expect.any(Number)]);
      widget.open();
      hear({ kind: "ready" });
      expect([how, begun()?.identity]).toEqual([how, null]);
      panels.length = 0;
    }
  });

  test("comes after all that were before, whatever the clock says", () => {
    const ahead = Date.now() + 3_600_000;
    was({ out: ahead });
    page().reset();
    expect(memory()["out"]).toBeGreaterThan(ahead);
  });

  test("comes after the visitor was made, also where the clock was set back since", () => {
    const widget = page();
    widget.open();
    hear({ kind: "ready" });
    const made = Date.now() + 3_600_000;
    hear({ kind: "alive", alive: true, who: null, made });
    hear({ kind: "alive", alive: false, who: null }); // as an earlier version tells it
    expect(memory()).toMatchObject({ made });
    page().reset(); // the next page, without the panel
    expect(memory()["out"]).toBeGreaterThan(made);
  });

  test("is told to the panel of its own page as one of here, and to that of another tab as one of elsewhere", () => {
    was({ alive: true });
    const widget = page();
    hear({ kind: "ready" });
    widget.reset();
    const out = memory()["out"] as number;
    elsewhere({ out: out + 1 });
    expect(resets()).toEqual([{ kind: "reset", out, here: true }, { kind: "reset", out: out + 1 }]);
  });

  test("stays for the next page where the site clears its storage right after it, and leaves at once or later", () => {
    for (const how of ["at once", "later", "another tab"]) {
      localStorage.clear();
      was({ kept });
      const widget = page();
      if (how === "another tab") elsewhere({ used: false, forget: true, kept, out: Date.now() }, "null");
      else widget.reset();
      localStorage.clear();
      if (how === "later") vi.advanceTimersByTime(1);
      else leave();
      expect([how, memory()]).toMatchObject([how, { forget: true, kept, out: expect.any(Number) as number }]);
      const { out } = memory();
      leave();
      page();
      hear({ kind: "ready" });
      expect([how, panels.length, begun()]).toMatchObject([how, 1, { kept, out }]);
      leave();
    }
  });

  test("is done on this page also where the site has cleared its storage, and then stays done", () => {
    was({ kept });
    page().reset();
    const out = memory()["out"] as number;
    hear({ kind: "ready" });
    localStorage.clear();
    hear({ kind: "keep", value: null, was: kept, n: 1 });
    hear({ kind: "forgotten", out });
    expect([told().filter((m) => m.kind === "kept"), memory()]).toMatchObject([[], { forget: false, kept: null, out }]);
    localStorage.clear();
    leave();
    expect(memory()).toMatchObject({ forget: false, kept: null, out });
  });

  test("of an earlier version, which did not write when, ends whom that version made", () => {
    was({ used: false, forget: true });
    page();
    hear({ kind: "ready" });
    expect(begun()?.out).toBe(1);
  });

  test("that never was is none", () => {
    was({ alive: true });
    page();
    hear({ kind: "ready" });
    expect(begun()?.out).toBe(0);
  });
});

// SITE-9
describe("an identity", () => {
  test("of somebody else logs out who was named before, with the panel there or not", () => {
    for (const loaded of [true, false]) {
      localStorage.clear();
      panels.length = 0;
      was({ alive: loaded, who: marked("anne") });
      const widget = page();
      if (loaded) hear({ kind: "ready" });
      const ben = claims("ben");
      widget.identify(ben);
      expect([loaded, memory()["out"], memory()["who"]]).toEqual([loaded, expect.any(Number), null]);
      if (loaded) expect(told().slice(-2)).toEqual([{ kind: "reset", out: memory()["out"], here: true }, { kind: "identify", identity: ben }]);
      hear({ kind: "ready" });
      expect(begun()).toMatchObject({ identity: ben, out: memory()["out"] });
    }
  });

  test("of the same person, of one who was not named, and one that cannot be read log nobody out", () => {
    for (const [there, token] of [[marked("anne"), claims("anne", "a later token")], [null, claims("ben")], [marked("anne"), "unreadable"]]) {
      was({ alive: true, who: there });
      const widget = page();
      hear({ kind: "ready" });
      widget.identify(token ?? "");
      expect([resets(), memory()["out"]]).toEqual([[], 0]);
    }
  });

  test("of who began unnamed is theirs from then on: another one logs them out, on the next page too, with the panel there or not", () => {
    for (const loaded of [true, false]) {
      localStorage.clear();
      panels.length = 0;
      was({ alive: loaded });
      page().identify(claims("anne"));
      expect(memory()).toMatchObject({ who: marked("anne"), out: 0 });
      if (loaded) {
        hear({ kind: "ready" });
        expect(begun()).toMatchObject({ identity: claims("anne"), who: marked("anne") });
        hear({ kind: "alive", alive: true, who: marked("anne") ?? null });
      }
      leave();
      const next = page();
      if (loaded) hear({ kind: "ready" });
      if (loaded) expect(begun()).toMatchObject({ identity: null, who: marked("anne") });
      next.identify(claims("ben"));
      expect(memory()).toMatchObject({ who: null, out: expect.any(Number) as number });
      expect(memory()["out"]).toBeGreaterThan(0);
      leave();
    }
  });

  test("is nobody's while nothing was said", () => {
    localStorage.clear();
    page().identify(claims("anne"));
    expect(localStorage.length).toBe(0);
  });

  test("that came while the visitor was made for somebody else logs out as soon as that is known, once", () => {
    const widget = page();
    widget.open();
    hear({ kind: "ready" });
    widget.identify(claims("ben"));
    hear({ kind: "alive", alive: true, who: marked("anne") ?? null });
    expect(told().slice(-2).map(({ kind }) => kind)).toEqual(["reset", "identify"]);
    hear({ kind: "alive", alive: false, who: null });
    hear({ kind: "alive", alive: true, who: marked("ben") ?? null });
    expect(resets().length).toBe(1);
  });
});

// SITE-9
test("what the panel says before it has heard of a log-out brings nobody back", () => {
  const widget = page();
  widget.open();
  hear({ kind: "ready" });
  hear({ kind: "alive", alive: true, who: marked("anne") ?? null, made: Date.now() });
  widget.reset();
  const { out } = memory();
  hear({ kind: "alive", alive: true, who: marked("anne") ?? null, made: Number(out) - 1 });
  expect(memory()).toMatchObject({ alive: false, used: false, who: null, made: 0, out });
  hear({ kind: "alive", alive: true, who: null, made: Number(out) });
  expect(memory()).toMatchObject({ alive: true, used: true, made: out });
});

test("a tab that is late to hear of a log-out does not log out who came after it", () => {
  const widget = page();
  widget.open();
  hear({ kind: "ready" });
  widget.identify(claims("anne"));
  const out = Date.now() + 10;
  was({ out, used: true }); // another tab has; its event is still to come
  hear({ kind: "alive", alive: true, who: marked("ben") ?? null, made: out + 5 });
  expect(memory()).toMatchObject({ alive: true, who: marked("ben"), out });
  expect(resets().some((m) => m.kind === "reset" && m.here === true)).toBe(false);
});

// D3
test("what is kept here is told with the number of the last word that was heard of the panel", () => {
  was({ alive: true, kept });
  page();
  hear({ kind: "ready" });
  elsewhere({ alive: true, kept: "theirs" });
  hear({ kind: "keep", value: "mine", was: kept, n: 1 });
  expect(told().filter((m) => m.kind === "kept")).toEqual([{ kind: "kept", kept: "theirs", n: 0 }, { kind: "kept", kept: "theirs", n: 1 }]);
  hear({ kind: "keep", value: "mine", was: "theirs", n: 2 });
  expect(memory()["kept"]).toBe("mine");
  hear({ kind: "ready" }); // another panel counts anew
  elsewhere({ alive: true, kept: "again" });
  expect(told().at(-1)).toEqual({ kind: "kept", kept: "again", n: 0 });
});

// VIS-2, VIS-4
test("a tab whose panel is closed leaves it open for the next page of the tab where it is open", () => {
  page().open();
  hear({ kind: "ready" });
  hear({ kind: "alive", alive: true, who: null });
  const open = page(); // another tab, which the visitor closes
  open.close();
  expect(memory()).toMatchObject({ alive: true, open: false });
  elsewhere({ alive: true, open: true });
  hear({ kind: "alive", alive: true, who: null });
  expect(memory()).toMatchObject({ alive: true, open: true });
  hear({ kind: "alive", alive: false, who: null });
  expect(memory()).toMatchObject({ alive: false, open: false });
});
