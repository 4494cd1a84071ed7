import { writeFileSync } from "node:fs";

import { atMost } from "./until.ts";
import type { ArtifactSink } from "./types.ts";

const most = 500;

/** A page's console: the last 500 lines, older ones dropped and counted. */
export class Diary {
  readonly lines: string[] = [];
  dropped = 0;

  note(line: string): void {
    this.lines.push(line);
    if (this.lines.length > most) {
      this.lines.shift();
      this.dropped += 1;
    }
  }

  /** Writes what it holds as `<who>-console.txt`. */
  write(artifacts: ArtifactSink, name: string): void {
    if (this.lines.length === 0) return;
    const head = this.dropped === 0 ? [] : [`(${this.dropped} earlier lines dropped)`];
    writeFileSync(artifacts.path(`${name}-console.txt`), [...head, ...this.lines, ""].join("\n"));
  }
}

/** One document of a page that failed, for the report. */
export interface Outlined {
  readonly url: string;
  outline(): Promise<string>;
}

/** The report of a failed wait: each document's outline, the end of the console, and where the screenshot is. */
export async function failure(documents: readonly Outlined[], diary: Diary, shoot: () => Promise<string>): Promise<string> {
  const parts: string[] = [];
  for (const one of documents) {
    const text = await atMost(one.outline(), 2_000).catch((error: unknown) => `(cannot be read: ${error instanceof Error ? error.message : String(error)})`);
    parts.push(`  on ${one.url}:`, ...text.split("\n").map((line) => `    ${line}`));
  }
  if (diary.lines.length > 0) parts.push("  console:", ...diary.lines.slice(-10).map((line) => `    ${line}`));
  const path = await atMost(shoot(), 5_000).catch((error: unknown) => `none (${String(error)})`);
  parts.push(`  screenshot: ${path}`);
  return parts.join("\n");
}
