import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { CobrowseItem, ConversationID, Session } from "../../../shared/src/index.ts";
import { limits } from "../../../shared/src/index.ts";
import type { FromPanel } from "../port.ts";
import type { OwnSteps } from "./call-model.ts";
import { countdown, type CountdownPorts } from "./countdown.ts";

const fewWaiting = 128 << 10;
const maxQueued = 20 << 20; // the largest snapshot, and what comes while it waits
const roomCheck = 20;
const typeByte = 1;
const flagsByte = 2;
const snapshot = 1;
const first = 1;

/** What a SharingModel needs of the page. */
export interface SharingPorts extends CountdownPorts {
  readonly tell: (message: FromPanel) => void;
  readonly visible: () => boolean;
  readonly mask: readonly string[];
  readonly own: OwnSteps;
}

/** Co-browsing at the visitor's side: the question, and the stream of packets while it runs. */
export class SharingModel {
  readonly #session: Session;
  readonly #ports: SharingPorts;
  readonly #item = signal<CobrowseItem | undefined>(undefined);
  /** The page cannot be captured. */
  readonly failed = signal(false);
  readonly busy = signal(false);
  readonly asked = computed(() => (this.#item.value?.state === "asked" ? this.#item.value : undefined));
  /** Seconds that the question still stands; undefined without a question, or when it has no end. */
  readonly left: ReadonlySignal<number | undefined>;
  readonly running = computed(() => (this.#item.value?.state === "running" ? this.#item.value : undefined));
  /** It is this tab that is shown: the one that allowed it, on this page or on one before. */
  readonly here = computed(() => this.running.value !== undefined && this.#ports.own.has(this.running.value.cobrowse));
  #told = false;
  #stopped: string | undefined;
  /** Packets are dropped until the next snapshot begins. */
  #resync = false;
  /** A picture is wanted also of a page in the background: without one it does not count as there. */
  #due = false;
  /** The picture that began last is on its way. */
  #passing = false;
  #overflown = false;
  #queue: Uint8Array<ArrayBuffer>[] = [];
  #queued = 0;
  #stopPump: (() => void) | undefined;

  constructor(session: Session, conversation: ConversationID, ports: SharingPorts, lifetime: AbortSignal) {
    this.#session = session;
    this.#ports = ports;
    this.left = countdown(computed(() => this.asked.value?.deadline), ports, lifetime);
    let way: string | undefined;
    let lost = false;
    const stops = [
      effect(() => {
        this.#item.value = session.view.all("cobrowse").find((c) => c.conversation === conversation);
      }),
      effect(() => this.#follow(this.running.value)),
      effect(() => {
        // What was under way when the transport changed may be lost.
        const now = session.connection.transport.value;
        if (now && way && (lost || now !== way)) this.snapshot();
        lost = now === undefined;
        way = now ?? way;
      }),
    ];
    lifetime.addEventListener("abort", () => {
      for (const stop of stops) stop();
      this.#stopPump?.();
      this.#follow(undefined);
    });
  }

  #follow(item: CobrowseItem | undefined): void {
    if (!item || item.cobrowse === this.#stopped) {
      if (this.#told) this.#ports.tell({ kind: "cobrowse-end" });
      this.#told = false;
      return;
    }
    if (!this.#ports.own.has(item.cobrowse)) return; // another tab allowed it: nothing of this one is shown
    if (!this.#told) this.#due = true; // the capture begins with one
    this.#told = true;
    this.#ports.tell({ kind: "cobrowse", cobrowse: item.cobrowse, agent: item.agent, watchers: item.watchers, mask: this.#ports.mask });
  }

  /** The page is in front again: what changed meanwhile was not sent. */
  shown(): void {
    if (this.running.peek()) this.snapshot();
  }

  /** Asks the page for a whole picture; until it begins, packets are dropped. */
  snapshot(): void {
    if (!this.#told) return;
    this.#resync = this.#due = true;
    this.#queue = [];
    this.#queued = 0;
    this.#ports.tell({ kind: "cobrowse-snapshot" });
  }

  /**
   * Passes one packet on. They wait here while the way is full, at most 20 MiB; then what waits is dropped, and a new
   * snapshot is asked for when the way is free again. Of a page in the background only a snapshot goes that was asked for, or
   * with which it begins.
   */
  packet(data: ArrayBuffer): void {
    const running = this.running.peek();
    if (!running || !this.#told) return;
    const bytes = new Uint8Array(data);
    if (bytes.length < limits.packetHeader) return;
    const picture = bytes[typeByte] === snapshot;
    const begins = picture && ((bytes[flagsByte] ?? 0) & first) !== 0;
    const seen = this.#ports.visible();
    if (begins) this.#passing = seen || this.#due;
    if (!seen && !(picture && this.#passing)) return;
    if (this.#overflown || (this.#resync && !begins)) return;
    if (begins) {
      this.#resync = this.#due = false;
      this.#queue = []; // it replaces all that waits
      this.#queued = 0;
    }
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (this.#queued > maxQueued) {
      this.#queue = [];
      this.#queued = 0;
      this.#overflown = true;
    }
    this.#pump();
  }

  #pump(): void {
    const { connection } = this.#session;
    while (this.#queue[0] && connection.waiting("cobrowse") < fewWaiting && connection.packet("cobrowse", this.#queue[0])) {
      this.#queued -= this.#queue.shift()?.length ?? 0;
    }
    if (this.#overflown && connection.waiting("cobrowse") < fewWaiting) {
      this.#overflown = false;
      return this.snapshot();
    }
    if ((this.#queue.length === 0 && !this.#overflown) || this.#stopPump) return;
    this.#stopPump = this.#ports.after(roomCheck, () => {
      this.#stopPump = undefined;
      this.#pump();
    });
  }

  async answer(allow: boolean): Promise<void> {
    const cobrowse = this.asked.value?.cobrowse;
    if (!cobrowse) return;
    this.busy.value = true;
    this.failed.value = false;
    if (allow) this.#ports.own.add(cobrowse);
    await this.#session.connection.command("cobrowse.answer", { cobrowse, allow }).catch(() => undefined); // the view shows what is
    this.busy.value = false;
  }

  /** Ends it. Nothing more leaves this page from now on, whatever the network does. */
  async stop(): Promise<void> {
    const item = this.#item.value;
    if (!item) return;
    this.#stopped = item.cobrowse;
    this.#follow(undefined);
    await this.#session.connection.command("cobrowse.stop", { cobrowse: item.cobrowse }).catch(() => undefined); // as above
  }

  /** The page's own rules forbid the capture. */
  async cannot(): Promise<void> {
    this.failed.value = true;
    await this.stop();
  }
}
