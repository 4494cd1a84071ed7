// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { h, render } from "preact";
import { act } from "preact/test-utils";
import { expect, test } from "vitest";
import type { Entry, Log } from "../../shared/src/index.ts";
import { Announcer } from "../src/panel/lines.tsx";

const said = (seq: number, text: string): Entry => ({ id: `${seq}`, seq, at: 0, kind: "message", author: { kind: "agent", name: "Anna" }, body: { text } }) as unknown as Entry;

test("what was said of one conversation does not stay when there is none, or another (SITE-9)", async () => {
  const entries = signal([said(1, "Hello.")]);
  const log = signal<Log | undefined>({ entries } as unknown as Log);
  const at = document.createElement("div");
  await act(() => render(h(Announcer, { log }), at));
  await act(() => { entries.value = [...entries.value, said(2, "Your order is on its way.")]; });
  expect(at.textContent).toBe("Anna: Your order is on its way.");
  await act(() => { log.value = undefined; });
  expect(at.textContent).toBe("");
  await act(() => { log.value = { entries } as unknown as Log; });
  await act(() => { entries.value = [...entries.value, said(3, "Anything else?")]; });
  await act(() => { log.value = { entries: signal([said(1, "Good day.")]) } as unknown as Log; });
  expect(at.textContent).toBe("");
});
