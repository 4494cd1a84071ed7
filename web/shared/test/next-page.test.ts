import { afterEach, describe, expect, test, vi } from "vitest";
import { forNextPage, fromPageBefore } from "../src/browser/next-page.ts";

interface View {
  readonly id: string;
  readonly from?: string | null;
  readonly href?: string;
  readonly referrer?: string;
  readonly type?: string;
  /** Without the Navigation API, or with one that does not tell the page before. */
  readonly api?: "none" | "early";
  /** How long ago it began to load. */
  readonly age?: number;
}

function windowOf({ id, from = null, href = `https://shop.example/${id}`, referrer = "", type = "navigate", api, age = 100 }: View): Window {
  const activation = { from: from === null ? null : { id: from } };
  const navigation = api === "none" ? undefined : { currentEntry: { id }, ...(api === "early" ? {} : { activation }) };
  const it = { location: { href }, document: { referrer }, performance: { getEntriesByType: () => [{ type }], now: () => age }, navigation };
  return Object.assign(it, { top: it }) as unknown as Window;
}

/** The browser shows that page; in a frame, within that one. */
function page(view: View, outer?: View | "foreign"): void {
  const window = windowOf(view);
  const foreign = { get location(): never { throw new DOMException("", "SecurityError"); } };
  if (outer) Object.assign(window, { top: outer === "foreign" ? foreign : windowOf(outer) });
  vi.stubGlobal("window", window);
}

afterEach(() => vi.unstubAllGlobals());

/** What a page takes of what one before it has written. */
function taken(before: View, after: View, again = false): string[] {
  page(before);
  const written = forNextPage(["call", "page"]);
  page(after);
  return fromPageBefore(written, again);
}

describe("what is one tab's (COB-1, COB-6, CALL-6)", () => {
  const [all, none] = [["call", "page"], [] as string[]];

  test.each<[string, View, string[]]>([
    ["the very next one", { id: "b", from: "a" }, all],
    ["a reload", { id: "a", from: "a", type: "reload" }, all],
    ["going back", { id: "z", from: "a", type: "back_forward" }, all],
    ["one by whatever referrer", { id: "b", from: "a", referrer: "" }, all],
    ["one after a page in between that knows nothing of us", { id: "b", from: "plain", referrer: "https://shop.example/plain" }, none],
    ["one that came back over a page in between", { id: "a", from: "plain", type: "back_forward" }, none],
    ["one after another site", { id: "b", from: null, referrer: "https://pay.example/" }, none],
    ["the first of a tab", { id: "b", from: null, referrer: "https://shop.example/a" }, none],
  ])("is taken, or not, by %s", (_, after, want) => {
    expect(taken({ id: "a" }, after)).toEqual(want);
  });

  test.each<[string, View, string[]]>([
    ["the next one by the whole address", { id: "b", referrer: "https://shop.example/a" }, all],
    ["a reload of it", { id: "a", type: "reload", referrer: "https://else.example/" }, all],
    ["a reload of another one", { id: "b", type: "reload", referrer: "https://shop.example/a" }, none],
    ["one that tells its site only", { id: "b", referrer: "https://shop.example/" }, none],
    ["one without a referrer", { id: "b" }, none],
    ["one that came back", { id: "z", type: "back_forward", referrer: "https://shop.example/y" }, none],
    ["one after another site", { id: "b", referrer: "https://pay.example/" }, none],
  ])("where the browser does not tell the page before: by %s", (_, after, want) => {
    for (const api of ["none", "early"] as const) expect(taken({ id: "a", href: "https://shop.example/a#top", api }, { ...after, api })).toEqual(want);
  });

  test("is not taken by a page that began after the page before was gone: another one came first, where our script did not run", () => {
    const left = { id: "a" };
    vi.useFakeTimers({ now: 1_000_000 });
    try {
      page(left);
      const written = forNextPage(["call", "page"]);
      vi.setSystemTime(1_060_000);
      for (const [age, want] of [[60_500, all], [59_500, all], [58_000, none], [100, none]] as const) {
        page({ id: "b", from: "a", age });
        expect(fromPageBefore(written, false)).toEqual(want);
        page({ id: "b", referrer: "https://shop.example/a", api: "none", age });
        expect(fromPageBefore(written.replace('"a"', '"https://shop.example/a"'), false)).toEqual(want);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  test("is taken by a page that is shown again", () => {
    expect(taken({ id: "a" }, { id: "z", from: null }, true)).toEqual(all);
  });

  test.each<[string, View, View | "foreign", string[]]>([
    ["follows in its frame", { id: "g", from: "f" }, { id: "top" }, all],
    ["follows with the page around it", { id: "g", from: null }, { id: "next", from: "top" }, all],
    ["comes into a page of another tab", { id: "g", from: null }, { id: "next", from: null }, none],
    ["comes into a page of another site", { id: "g", from: null }, "foreign", none],
  ])("is taken, or not, by a frame that %s", (_, after, around, want) => {
    page({ id: "f" }, { id: "top" });
    const written = forNextPage(["call", "page"]);
    page(after, around);
    expect(fromPageBefore(written, false)).toEqual(want);
  });

  test("is nothing where nothing was written, or something else", () => {
    page({ id: "a" });
    for (const written of [null, undefined, "", "a b c", "{}", "3", "[]"]) expect(fromPageBefore(written, false)).toEqual([]);
  });
});
