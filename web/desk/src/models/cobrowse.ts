import { computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals-core";
import type { Connection } from "../../../shared/src/connection.ts";
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
  readonly changing = computed(() => this.running.value && this.painted.value && (this.item.value.away === true || !this.#reach.value));

  /** Lets go of the way. */
  readonly close: () => void;

  /** here says whether the visitor's page is there; way is how frames go to the server now. */
  constructor(item: ReadonlySignal<CobrowseItem>, line: Line, pulse: Pulse, here: ReadonlySignal<boolean>, way: Connection["transport"]) {
    this.item = item;
    this.#line = line;
    this.#reach = here;
    this.since = computed(() => duration(pulse.now.value - (this.item.value.started ?? pulse.now.value)));
    this.close = this.#again(way);
  }

  /**
   * Watches again over every other way: packets may be lost between two, and behind a new one may be a server that does not
   * know who watches. Neither shows itself by a gap while nothing comes.
   */
  #again(transport: Connection["transport"]): () => void {
    let way: string | undefined;
    let lost = false;
    return effect(() => {
      const now = transport.value;
      if (now !== undefined && way !== undefined && (lost || now !== way) && this.sink !== undefined) untracked(() => void this.watch());
      lost = now === undefined;
      way = now ?? way;
    });
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
