import { describe, expect, it } from "vitest";
import { stage } from "../testing/stage.ts";
import { actions } from "../commands/desk.ts";
import { fits, keysInWords, type Struck } from "./keys.ts";

const struck = (code: string, with_: Partial<Struck> = {}): Struck => ({
  key: code.replace("Key", "").toLowerCase(),
  code,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  ...with_,
});

describe("shortcuts", () => { // DESK-8
  it("fit by the place of the key, whatever Alt makes of its sign", () => {
    expect(fits("Alt+KeyP", struck("KeyP", { altKey: true, key: "π" }))).toBe(true);
    expect(fits("Alt+KeyP", struck("KeyP"))).toBe(false);
    expect(fits("Alt+KeyP", struck("KeyP", { altKey: true, shiftKey: true }))).toBe(false);
    expect(fits("Alt+KeyP", struck("KeyP", { altKey: true, ctrlKey: true }))).toBe(false);
  });

  it("take Ctrl and Cmd alike", () => {
    expect(fits("Mod+KeyK", struck("KeyK", { ctrlKey: true }))).toBe(true);
    expect(fits("Mod+KeyK", struck("KeyK", { metaKey: true }))).toBe(true);
  });

  it("take a sign by itself, on any keyboard", () => {
    expect(fits("?", struck("Minus", { key: "?", shiftKey: true }))).toBe(true);
    expect(fits("?", struck("Minus", { key: "?", ctrlKey: true }))).toBe(false);
    expect(keysInWords("Alt+Shift+KeyV")).toBe("Alt + Shift + V");
  });

  it("are used once, but for the two faces of one switch", () => {
    const all = actions(stage({}).desk).flatMap((a) => (a.shortcut === undefined ? [] : [a.shortcut]));
    const twice = all.filter((s, i) => all.indexOf(s) !== i);
    expect(twice).toEqual(["Alt+KeyM", "Alt+KeyV"]);
    expect(new Set(actions(stage({}).desk).map((a) => a.id)).size).toBe(actions(stage({}).desk).length);
  });
});
