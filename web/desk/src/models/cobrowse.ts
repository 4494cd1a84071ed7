import { computed, signal, type ReadonlySignal } from "@preact/signals-core";
import type { CobrowseItem } from "../../../shared/src/protocol.gen.ts";
import { duration } from "../catalogue.ts";
import { sentence, type Line } from "./line.ts";
import type { Pulse } from "./pulse.ts";

/** A co-browse session of one conversation, as the agent sees it. */
export class Cobrowse {
  readonly item: ReadonlySignal<CobrowseItem>;
  readonly failure = signal("");
  /** Whether a picture of the visitor's page is on the screen. */
  readonly painted = signal(false);
  /** Takes packets to the frame; set while one is mounted. */
  sink: ((data: Uint8Array) => void) | undefined;
  readonly #line: Line;
  readonly #reach: ReadonlySignal<boolean>;

  readonly running = computed(() => this.item.value.state === "running");
  readonly since;
  /** Whether the visitor's page has gone and the next one has not come: what is shown is old. */
  readonly changing = computed(() => this.running.value && this.painted.value && !this.#reach.value);

  /** here says whether the visitor's page is there. */
  constructor(item: ReadonlySignal<CobrowseItem>, line: Line, pulse: Pulse, here: ReadonlySignal<boolean>) {
    this.item = item;
    this.#line = line;
    this.#reach = here;
    this.since = computed(() => duration(pulse.now.value - (this.item.value.started ?? pulse.now.value)));
  }

  /** The frame is ready, or has lost packets: the server begins anew. */
  watch(): Promise<void> {
    return this.#try(() => this.#line.command("cobrowse.watch", { cobrowse: this.item.peek().cobrowse }));
  }

  /** Ends it, or takes the question back. */
  stop(): Promise<void> {
    return this.#try(() => this.#line.command("cobrowse.stop", { cobrowse: this.item.peek().cobrowse }));
  }

  /** Takes a packet off the wire; without a frame it is dropped, and the frame asks anew when it comes. */
  packet(data: Uint8Array): void {
    this.sink?.(data);
  }

  async #try(send: () => Promise<unknown>): Promise<void> {
    this.failure.value = "";
    try {
      await send();
    } catch (reason) {
      this.failure.value = sentence(reason);
    }
  }
}
