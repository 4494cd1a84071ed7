import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { ArtifactSink } from "./types.ts";

const root = join(import.meta.dirname, "..", "artifacts");

/** A folder `artifacts/<story>` with files numbered in the order they were made. What an earlier run left is removed. */
export class Artifacts implements ArtifactSink {
  readonly folder: string;
  #count = 0;

  constructor(story: string) {
    this.folder = join(root, plain(story));
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
  }

  next(name: string): string {
    this.#count += 1;
    return join(this.folder, `${String(this.#count).padStart(2, "0")}-${plain(name)}`);
  }

  path(name: string): string {
    return join(this.folder, plain(name));
  }
}

/** A file name that every system takes. */
function plain(name: string): string {
  return name.replace(/[^\w.-]+/g, "-");
}
