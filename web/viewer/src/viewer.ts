import { Assembler } from "./assembler.ts";
import type { CobrowseEngine } from "./engine.ts";
import { readBatch } from "./page-event.ts";
import type { FromViewer } from "./port.ts";

/** Milliseconds between two askings for a new beginning: the server needs a moment to answer the first. */
const askAgainAfter = 2000;

/** What a viewer needs from outside. */
export interface ViewerOutside {
  /** Tells the desk. */
  tell(message: FromViewer): void;
  /** A monotonic clock in milliseconds. */
  now(): number;
  /** Whether the page is shown. While it is not, the browser paints no frames and what is to be painted would pile up. */
  visible(): boolean;
  /** Runs what is given once, after so many milliseconds. */
  later(ms: number, run: () => void): void;
}

/**
 * Joins wire and engine: packets in, a drawn page out. While the page is hidden
 * packets are dropped, and a new beginning is asked for when it is shown again;
 * so is one after a gap, and after a batch that cannot be read.
 */
export class Viewer {
  readonly #outside: ViewerOutside;
  readonly #engine: CobrowseEngine;
  readonly #assembler = new Assembler();
  #gen = 0;
  #asked = Number.NEGATIVE_INFINITY;
  #lost = false;
  #waiting = false;

  constructor(engine: CobrowseEngine, outside: ViewerOutside) {
    this.#engine = engine;
    this.#outside = outside;
  }

  /** Takes one packet. */
  packet(data: Uint8Array): void {
    if (!this.#outside.visible()) {
      this.#lost = true;
      return;
    }
    const step = this.#assembler.push(data);
    if (step.kind === "gap") this.#lose();
    if (step.kind !== "batch") return;
    const events = readBatch(step.bytes);
    if (events === undefined) return this.#lose();
    if (step.type === "snapshot") {
      this.#lost = false;
      this.#gen = step.gen;
      this.#engine.begin(events);
    } else if (!this.#lost) {
      this.#engine.apply(events);
    }
  }

  /** The page is shown again. */
  shown(): void {
    if (this.#lost) this.#lose();
  }

  /** The engine has painted a new replica. */
  painted(): void {
    this.#outside.tell({ type: "painted", gen: this.#gen });
  }

  #lose(): void {
    this.#lost = true;
    const wait = this.#asked + askAgainAfter - this.#outside.now();
    if (wait <= 0) {
      this.#asked = this.#outside.now();
      this.#outside.tell({ type: "gap" });
    } else if (!this.#waiting) {
      this.#waiting = true;
      this.#outside.later(wait, () => {
        this.#waiting = false;
        if (this.#lost) this.#lose();
      });
    }
  }
}
