import { afterEach, expect, test, vi } from "vitest";
import type { CallID } from "../../../shared/src/protocol.gen.ts";
import { tabCalls } from "./storage.ts";

const id = (text: string): CallID => text as CallID;

/** A page of a tab with that storage, loaded after the one of that entry in its history, and a way to tell it what the browser does. */
function page(storage: Map<string, string>, after: string | null = "desk"): (event: "pagehide" | "pageshow") => void {
  const target = new EventTarget();
  vi.stubGlobal("addEventListener", target.addEventListener.bind(target));
  const it = { performance: { now: () => 100 }, navigation: { currentEntry: { id: "desk" }, activation: { from: after === null ? null : { id: after } } } };
  vi.stubGlobal("window", Object.assign(it, { top: it }));
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, text: string) => void storage.set(key, text),
    removeItem: (key: string) => void storage.delete(key),
  });
  return (event) => void target.dispatchEvent(Object.assign(new Event(event), { persisted: true }));
}

afterEach(() => vi.unstubAllGlobals());

test("a tab's calls are there after a reload and when it is shown again, and not in a tab that doubles it", () => { // CALL-6, DESK-10
  const tab = new Map<string, string>();
  const happens = page(tab);
  const calls = tabCalls();
  calls.add(id("one"));
  const doubled = new Map(tab); // as a browser copies it
  happens("pagehide");
  page(tab);
  const next = tabCalls();
  expect([next.has(id("one")), next.has(id("two"))]).toEqual([true, false]);
  page(doubled);
  expect(tabCalls().has(id("one"))).toBe(false);
  happens("pagehide");
  page(new Map(tab), "livez"); // opened from a page without the desk
  expect(tabCalls().has(id("one"))).toBe(false);
  page(tab);
  happens("pageshow"); // the first page, from where the browser had put it aside
  expect(calls.has(id("one"))).toBe(false); // the next page has it
});
