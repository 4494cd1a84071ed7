// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FromPanel, ToPanel } from "../src/port.ts";
import { Widget } from "../src/loader/widget.ts";

/** The panels that were loaded, the last one first. */
const panels = vi.hoisted((): { element: HTMLElement; hear: (message: FromPanel) => void; told: ToPanel[] }[] => []);
vi.mock("../src/loader/frame.ts", () => ({
  PanelFrame: class {
    readonly element = Object.assign(document.createElement("div"), { tabIndex: 0 }); // as a frame takes the keyboard
    readonly told: ToPanel[] = [];
    constructor(_address: string, _title: string, hear: (message: FromPanel) => void) {
      panels.unshift({ element: this.element, hear, told: this.told });
    }
    send(message: ToPanel): void {
      this.told.push(message);
    }
  },
}));

const put = <K extends keyof HTMLElementTagNameMap>(name: K, parts: object = {}): HTMLElementTagNameMap[K] => document.body.appendChild(Object.assign(document.createElement(name), parts));
const root = (): ShadowRoot | null | undefined => [...document.querySelectorAll("#parlour-widget")].at(-1)?.shadowRoot; // earlier ones come back by themselves
const said = (): string | null | undefined => root()?.querySelector("[role=status]")?.textContent;
const shown = (): ToPanel | undefined => panels[0]?.told.findLast((m) => m.kind === "shown");

/** A page with a conversation whose panel is closed. */
function page(): Widget {
  localStorage.setItem("parlour:demo", JSON.stringify({ open: false, alive: true, used: true, kept: null }));
  const widget = new Widget("https://chat.test", "demo", "");
  panels[0]?.hear({ kind: "ready" });
  return widget;
}

beforeEach(() => {
  vi.useFakeTimers();
  panels.length = 0;
  localStorage.clear();
  document.body.replaceChildren();
});
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

// VIS-2, COB-1: what is typed into the page answers nothing.
describe("a question of the agent", () => {
  test("shows the panel and is said, and the keyboard stays where it is in the page", () => {
    page();
    for (const at of [put("input"), put("button"), document.body]) {
      panels[0]?.hear({ kind: "open" });
      at.focus();
      root()?.querySelector<HTMLElement>(".launch")?.click();
      at.focus();
      expect(said()).toBe("");
      panels[0]?.hear({ kind: "open" });
      expect([document.activeElement, shown(), said()]).toEqual([at, { kind: "shown", open: true, focus: false }, "There is a question for you in the chat."]);
    }
  });

  test("takes the keyboard from the launcher, where it is on its way to the chat", () => {
    page();
    root()?.querySelector<HTMLElement>(".launch")?.focus();
    panels[0]?.hear({ kind: "open" });
    expect(shown()).toEqual({ kind: "shown", open: true, focus: true });
  });
});

describe("a page that opens the panel", () => {
  test("by itself takes no keyboard out of a field", () => {
    const widget = page();
    const field = put("textarea");
    field.focus();
    widget.open();
    expect([document.activeElement, shown()]).toEqual([field, { kind: "shown", open: true, focus: false }]);
  });

  test("by itself takes no keyboard out of what may be written into, or may hide what is", () => {
    const widget = page();
    const closed = put("section", { tabIndex: 0 });
    closed.attachShadow({ mode: "closed" });
    const open = put("section");
    const inner = open.attachShadow({ mode: "open" }).appendChild(document.createElement("input"));
    const parts = [put("input"), put("select"), put("iframe"), put("object", { tabIndex: 0 }), put("embed", { tabIndex: 0 }), put("canvas", { tabIndex: 0 }), put("div", { tabIndex: 0 }), closed, inner];
    for (const at of [...parts, put("button", { contentEditable: "true" })]) {
      Object.defineProperty(at, "isContentEditable", { value: at.localName === "button" });
      at.focus();
      widget.open();
      expect([at.localName, shown()]).toEqual([at.localName, { kind: "shown", open: true, focus: false }]);
      widget.close();
    }
  });

  test("by a link gives the keyboard to the panel", () => {
    const widget = page();
    for (const at of [put("a", { href: "#chat" }), put("input", { type: "submit" }), put("div", { tabIndex: 0, role: "button" })]) {
      if (at.localName === "div") at.setAttribute("role", "button");
      at.focus();
      widget.open();
      expect([at.localName, shown()]).toEqual([at.localName, { kind: "shown", open: true, focus: true }]);
      widget.close();
    }
  });

  test("by a button gives the keyboard to the panel", () => {
    const widget = page();
    put("button").focus();
    widget.open();
    expect(shown()).toEqual({ kind: "shown", open: true, focus: true });
  });
});
