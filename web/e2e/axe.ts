import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { Frame } from "./driver/index.ts";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** One thing that axe found wrong. */
export interface Finding {
  readonly rule: string;
  readonly impact: string;
  readonly help: string;
  readonly target: string;
  readonly html: string;
}

/** What axe finds in one document, shadow roots included, frames not: ask for each frame by itself. */
export async function findings(frame: Frame): Promise<Finding[]> {
  // Evaluated from outside, so that a strict Content-Security-Policy of the page does not matter.
  return frame.evaluate(async (text: string) => {
    interface Axe {
      run(context: Document, options: object): Promise<{ violations: { id: string; impact: string | null; help: string; nodes: { target: unknown; html: string; failureSummary?: string }[] }[] }>;
    }
    const held = globalThis as { axe?: Axe };
    if (held.axe === undefined) {
      // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the text is the library's own, and the page has no other way to it
      const run = new Function(text);
      run.call(globalThis);
    }
    if (held.axe === undefined) throw new Error("axe did not load");
    const { violations } = await held.axe.run(document, { iframes: false, resultTypes: ["violations"] });
    return violations.flatMap((one) => one.nodes.map((node) => ({ rule: one.id, impact: one.impact ?? "", help: `${one.help}. ${node.failureSummary ?? ""}`, target: JSON.stringify(node.target), html: node.html.slice(0, 200) })));
  }, source);
}

/** Fails with a readable list when axe finds anything in any of the documents. */
export async function axe(...frames: readonly Frame[]): Promise<void> {
  const lines: string[] = [];
  for (const frame of frames) {
    for (const one of await findings(frame)) {
      lines.push(`${frame.url()}\n  ${one.rule} (${one.impact}): ${one.help.replace(/\s+/g, " ")}\n    ${one.target} ${one.html}`);
    }
  }
  if (lines.length > 0) throw new Error(`axe found ${lines.length}:\n${lines.join("\n")}`);
}
