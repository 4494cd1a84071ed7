// @vitest-environment happy-dom
import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Prompt } from "../src/panel/prompt.tsx";

const question = h(Prompt, { label: "Call request", title: "Anna asks", text: "Video?", busy: false, left: undefined, answer: () => undefined });
let box: HTMLTextAreaElement;

beforeEach(() => {
  document.body.replaceChildren((box = document.createElement("textarea")));
  box.focus();
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function asked(): Promise<HTMLElement> {
  const at = document.body.appendChild(document.createElement("div"));
  await act(() => render(question, at));
  return at;
}

// VIS-2
test("a question takes the keyboard, and chooses no answer", async () => {
  const at = await asked();
  expect(document.activeElement).toBe(at.querySelector("[role=alertdialog]"));
});

test("a question leaves the keyboard to who is in the middle of a message", async () => {
  box.value = "I am just typ";
  await asked();
  expect(document.activeElement).toBe(box);
});

// COB-1, CALL-1: Allow is no key away from what was typed into the page.
test("a question leaves the keyboard to who is in the page around the panel", async () => {
  vi.spyOn(document, "hasFocus").mockReturnValue(false);
  await asked();
  expect(document.activeElement).toBe(box);
});
