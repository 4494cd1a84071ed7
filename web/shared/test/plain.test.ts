import { expect, test } from "vitest";
import { Composer, isBlank, plain } from "../src/index.ts";

test("a message cannot turn the direction of what stands around it", () => {
  expect(plain("a\u202Egpj.exe\u202C \u2067b\u2069")).toBe("agpj.exe b");
  expect(plain("שלום \u200Fa 👩‍👩‍👧")).toBe("שלום \u200Fa 👩‍👩‍👧");
});

test("what has no width is nothing to send", () => {
  const composer = new Composer(() => Promise.resolve());
  for (const [text, can] of [["\u200B \u2060\n\uFEFF", false], ["\u0000\u3164\uFE0F\u2800", false], ["\u202E", false], ["\u200Ba", true], ["👩‍👧", true]] as const) {
    composer.draft.value = text;
    expect([isBlank(text), composer.canSend.value], JSON.stringify(text)).toEqual([!can, can]);
  }
});
