// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FromPanel, ToPanel } from "../src/port.ts";
import { Widget } from "../src/loader/widget.ts";

/** The panels that were loaded, the last one first. */
const panels = vi.hoisted((): { element: HTMLElement; hear: (message: FromPanel) => void; told: ToPanel[] }[] => []);
vi.mock("../src/loader/frame.ts", () => ({
  PanelFrame: class {
    readonly element = document.createElement("div");
    readonly told: ToPanel[] = [];
    constructor(_address: string, _title: string, hear: (message: FromPanel) => void) {
      panels.unshift({ element: this.element, hear, told: this.told });
    }
    send(message: ToPanel): void {
      this.told.push(message);
    }
  },
}));

let reached = false;
/** Of the widget that was made last: the others stay in the document. */
const sign = (): HTMLElement | null | undefined => [...document.querySelectorAll("#parlour-widget")].at(-1)?.shadowRoot?.querySelector<HTMLElement>("[role=alert]");
const minutes = (n: number): Promise<unknown> => vi.advanceTimersByTimeAsync(n * 60_000);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockReturnValue();
  vi.stubGlobal("fetch", () => (reached ? Promise.resolve(new Response()) : Promise.reject(new TypeError("no network"))));
  reached = false;
  panels.length = 0;
  localStorage.clear();
});
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

// VIS-2: the visitor went to the next page while the server was away.
test("a panel that could not be had is tried again by itself until it is there, as open as it was", async () => {
  localStorage.setItem("parlour:demo", JSON.stringify({ open: true, alive: true, used: true, kept: null }));
  const widget = new Widget("https://chat.test", "demo", "");
  await minutes(5);
  expect(sign()?.hidden).toBe(false);
  const tries = panels.length;
  expect(tries).toBeGreaterThan(10);
  expect(tries, "and not all the time").toBeLessThan(30);
  expect(panels.filter(({ element }) => element.isConnected)).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(30_000);
  const [last] = panels;
  expect(last?.element.className).toBe("lost");
  last?.hear({ kind: "ready" });
  expect([sign()?.hidden, last?.element.className, last?.told.at(-1)]).toMatchObject([true, "", { kind: "begin", open: true }]);
  const there = panels.length;
  await minutes(5);
  expect(panels.length).toBe(there);
  widget.close();
});

test("the sign takes no keyboard out of a field of the page", async () => {
  localStorage.setItem("parlour:demo", JSON.stringify({ open: true, alive: true, used: true, kept: null }));
  new Widget("https://chat.test", "demo", "");
  const field = document.body.appendChild(document.createElement("input"));
  field.focus();
  await minutes(1);
  expect([sign()?.hidden, document.activeElement]).toEqual([false, field]);
});

test("the sign takes the keyboard once from who waits for the panel, and who closes it is left alone", async () => {
  const widget = new Widget("https://chat.test", "demo", "");
  const root = sign()?.getRootNode() as ShadowRoot;
  root.querySelector<HTMLElement>(".launch")?.focus();
  widget.open();
  await vi.advanceTimersByTimeAsync(6_000);
  const close = sign()?.querySelector("button");
  expect(root.activeElement).toBe(close);
  const focused = vi.spyOn(HTMLElement.prototype, "focus");
  await minutes(2);
  expect(focused).not.toHaveBeenCalled();
  const tries = panels.length;
  close?.click();
  await minutes(5);
  expect([panels.length, sign()?.hidden]).toEqual([tries, true]);
  widget.open(); // tries anew
  expect(panels.length).toBe(tries + 1);
});

test("one that is closed is tried again where a conversation runs, and stays closed", async () => {
  localStorage.setItem("parlour:demo", JSON.stringify({ open: false, alive: true, used: true, kept: null }));
  new Widget("https://chat.test", "demo", "");
  await minutes(1);
  expect(panels.length).toBeGreaterThan(3);
  expect([panels[0]?.element.inert, panels[0]?.element.classList.contains("away"), sign()?.hidden]).toEqual([true, true, true]);
});

test("the answer about a panel that was given up says nothing of the one after it", async () => {
  let fail: (reason: Error) => void = () => undefined;
  vi.stubGlobal("fetch", () => new Promise((_, reject) => (fail = reject)));
  const widget = new Widget("https://chat.test", "demo", "");
  widget.open();
  await vi.advanceTimersByTimeAsync(5_000);
  sign()?.querySelector("button")?.click();
  widget.open();
  fail(new TypeError("no network"));
  await vi.advanceTimersByTimeAsync(1_000);
  panels[0]?.hear({ kind: "ready" });
  await minutes(1);
  expect([panels.length, sign()?.hidden]).toEqual([2, true]);
});

test("a page that is refused is tried four times more, for the server may be coming back behind another", async () => {
  reached = true;
  new Widget("https://chat.test", "demo", "").open();
  await minutes(10);
  expect([panels.length, sign()?.hidden]).toEqual([5, false]);
});

test("who closes the sign while a conversation runs has the panel tried for, out of sight", async () => {
  localStorage.setItem("parlour:demo", JSON.stringify({ open: true, alive: true, used: true, kept: null }));
  const widget = new Widget("https://chat.test", "demo", "");
  await vi.advanceTimersByTimeAsync(6_000);
  sign()?.querySelector("button")?.click();
  const tries = panels.length;
  await minutes(2);
  expect(panels.length).toBeGreaterThan(tries + 3);
  expect([sign()?.hidden, panels[0]?.element.inert]).toEqual([true, true]);
  widget.close();
});

test("a panel that comes at a later try takes no keyboard out of a field of the page", async () => {
  const widget = new Widget("https://chat.test", "demo", "");
  widget.open();
  await minutes(1);
  document.body.appendChild(document.createElement("input")).focus();
  panels[0]?.hear({ kind: "ready" });
  expect([document.activeElement?.localName, panels[0]?.told.at(-1)]).toMatchObject(["input", { kind: "begin", open: true, focus: false }]);
});

test("a panel that comes takes the keyboard from a button of the page that opened it, once", () => {
  const button = document.body.appendChild(document.createElement("button"));
  button.focus();
  new Widget("https://chat.test", "demo", "").open();
  const [panel] = panels;
  panel?.hear({ kind: "ready" });
  expect(panel?.told.at(-1)).toMatchObject({ kind: "begin", focus: true });
  panel?.hear({ kind: "ready" }); // loaded again by itself
  expect(panel?.told.at(-1)).toMatchObject({ kind: "begin", focus: false });
});

test("a panel that is loaded again since the site's router has put another body takes no keyboard", async () => {
  localStorage.setItem("parlour:demo", JSON.stringify({ open: false, alive: true, used: true, kept: null }));
  const widget = new Widget("https://chat.test", "demo", "");
  const [panel] = panels;
  panel?.hear({ kind: "ready" });
  widget.open();
  document.documentElement.replaceChild(document.createElement("body"), document.body);
  await vi.advanceTimersByTimeAsync(10);
  panel?.hear({ kind: "ready" });
  expect(panel?.told.at(-1)).toMatchObject({ kind: "begin", open: true, focus: false });
});

test("a panel that comes takes no keyboard out of a field inside an element of the page", () => {
  const inside = document.body.appendChild(document.createElement("section")).attachShadow({ mode: "open" });
  const field = inside.appendChild(document.createElement("textarea"));
  new Widget("https://chat.test", "demo", "").open();
  field.focus();
  panels[0]?.hear({ kind: "ready" });
  expect(panels[0]?.told.at(-1)).toMatchObject({ kind: "begin", focus: false });
});

test("a panel is tried again where the question why it did not come has no answer", async () => {
  vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) => new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("late")))));
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
    const control = new AbortController();
    setTimeout(() => control.abort(), ms);
    return control.signal;
  });
  new Widget("https://chat.test", "demo", "").open();
  await minutes(1);
  expect(panels.length).toBeGreaterThan(2);
});

test("a panel that was given up is not heard any more", async () => {
  new Widget("https://chat.test", "demo", "").open();
  await vi.advanceTimersByTimeAsync(7_000);
  const [, given] = panels;
  given?.hear({ kind: "ready" });
  const tries = panels.length;
  await minutes(2);
  expect(panels.length).toBeGreaterThan(tries);
});

test("a panel that is only late is not loaded a second time", async () => {
  const widget = new Widget("https://chat.test", "demo", "");
  widget.open();
  await vi.advanceTimersByTimeAsync(5_100);
  expect(sign()?.hidden).toBe(false);
  panels[0]?.hear({ kind: "ready" });
  await minutes(5);
  expect([panels.length, sign()?.hidden]).toEqual([1, true]);
});
