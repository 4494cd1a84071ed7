// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import type { FromPanel, ToPanel } from "../src/port.ts";
import { Widget } from "../src/loader/widget.ts";

const told = vi.hoisted((): ToPanel[] => []);
const panel = vi.hoisted((): { hear: (message: FromPanel) => void } => ({ hear: () => undefined }));
vi.mock("../src/loader/frame.ts", () => ({
  PanelFrame: class {
    readonly element = document.createElement("div");
    constructor(_address: string, _title: string, hear: (message: FromPanel) => void) {
      panel.hear = hear;
    }
    send(message: ToPanel): void {
      told.push(message);
    }
  },
}));
vi.mock("../../shared/src/browser/next-page.ts", () => ({ fromPageBefore: (written: string | null) => (written === null ? [] : written.split(",")), forNextPage: (ids: string[]) => ids.join(",") }));

afterEach(() => {
  Reflect.deleteProperty(document, "prerendering");
  sessionStorage.clear();
});

// VIS-4, COB-2, CALL-6: a browser may load the next page before it is gone to.
test.each(["before", "after"])("a page that was loaded beforehand takes what is its tab's when it is gone to, its panel being there %s that", (when) => {
  localStorage.setItem("parlour:demo", JSON.stringify({ open: true, alive: true, used: true, kept: null }));
  Object.defineProperty(document, "prerendering", { value: true, configurable: true });
  new Widget("https://chat.test", "demo", "");
  if (when === "before") panel.hear({ kind: "ready" });
  Object.defineProperty(document, "prerendering", { value: false, configurable: true });
  sessionStorage.setItem("parlour:demo", "call-1");
  document.dispatchEvent(new Event("prerenderingchange"));
  if (when === "after") panel.hear({ kind: "ready" });
  const last = told.findLast((m) => (when === "before" ? m.kind === "own" : m.kind === "begin"));
  expect(last).toMatchObject(when === "before" ? { ids: ["call-1"] } : { own: ["call-1"] });
  expect(sessionStorage.length, "and leaves nothing for others").toBe(0);
});
