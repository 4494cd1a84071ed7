import { computed, signal, type ReadonlySignal } from "@preact/signals-core";
import type { Clock } from "./clock.ts";
import type { Ack, Author, ConversationID, Entries, Entry, Marks, Op, PrincipalKind, ReadMark, TypingNow } from "./protocol.gen.ts";
import { Refusal } from "./refusal.ts";

/** A message of ours that is not yet a line of the log. */
export interface Pending {
  readonly op: Op;
  readonly text: string;
  readonly at: number;
  /** `stored`: the server has it, its line is on the way. `failed`: it was refused; `reason` says why, Resend tries again. */
  readonly state: "sending" | "stored" | "failed";
  readonly reason?: string;
  readonly seq?: number;
}

/** How far a message of ours has got. */
export type MarkState = "stored" | "delivered" | "read";

/** What a Log needs of its connection. */
export interface LogPorts {
  readonly clock: Clock;
  /** Our own side: the other sides' marks tell how far our messages have got. */
  readonly side: PrincipalKind;
  readonly newOp: () => Op;
  readonly post: (text: string, op: Op) => Promise<Ack>;
  /** Asks for entries after a seq; the entries come through `take` as well. */
  readonly since: (after: number) => Promise<unknown>;
  /** Tells how far our page has got; false when it could not be told now. */
  readonly mark: (delivered: number, read: number) => boolean;
  readonly typing: (typing: boolean) => void;
}

const maxBuffered = 1000;
const behindWait = 500;
const markWait = 300;
const typingShown = 7_000;
const typingRepeat = 3_000;

/**
 * A Log is one conversation as this page shows it: every seq once, in order (D4), with our own unsent messages below. What
 * comes twice is dropped, what comes early waits (at most 1000 entries, then it is asked for again), a hole is asked for.
 */
export class Log {
  readonly conversation: ConversationID;
  readonly #ports: LogPorts;
  readonly #entries = signal<readonly Entry[]>([]);
  readonly #pending = signal<readonly Pending[]>([]);
  readonly #marks = signal<ReadonlyMap<PrincipalKind, ReadMark>>(new Map());
  readonly #typing = signal<Author | undefined>(undefined);
  readonly #read = signal(0);
  readonly #early = new Map<number, Entry>();
  #last = 0;
  #told = 0; // what the newest connection was told that we have
  #asking = false;
  #stopBehind: (() => void) | undefined;
  #stopMark: (() => void) | undefined;
  #stopTyping: (() => void) | undefined;
  #typedAt = -Infinity;
  #stopTyped: (() => void) | undefined;

  /** How many of the other side's messages were not shown yet. */
  readonly unread = computed(
    () => this.#entries.value.filter((e) => e.kind === "message" && e.author.kind !== this.#ports.side && e.seq > this.#read.value).length,
  );

  constructor(conversation: ConversationID, ports: LogPorts) {
    this.conversation = conversation;
    this.#ports = ports;
  }

  get entries(): ReadonlySignal<readonly Entry[]> {
    return this.#entries;
  }
  get pending(): ReadonlySignal<readonly Pending[]> {
    return this.#pending;
  }
  /** Who types now on the other side; ends by itself after 7 s. */
  get typing(): ReadonlySignal<Author | undefined> {
    return this.#typing;
  }
  /** The newest seq that is shown; 0 before the first. */
  get shown(): number {
    return this.#entries.value.at(-1)?.seq ?? 0;
  }

  /** What a new connection is told that we have: it asks for what comes after it. */
  cursor(): number {
    this.#told = this.shown;
    return this.#told;
  }

  /**
   * Takes entries in whatever order and number of copies they come. When the record has less than this connection was told
   * that we have, it was restored from before that (D12): what we show is forgotten and asked for anew.
   */
  take(frame: Entries): void {
    if (frame.last < this.#told) this.forget();
    this.#last = Math.max(this.#last, frame.last);
    const next: Entry[] = [];
    let expect = this.shown + 1;
    for (const entry of frame.entries) {
      if (entry.seq >= expect && this.#early.size < maxBuffered) this.#early.set(entry.seq, entry);
    }
    for (let entry = this.#early.get(expect); entry; entry = this.#early.get(expect)) {
      this.#early.delete(expect++);
      next.push(entry);
    }
    if (next.length > 0) this.#append(next);
    this.#fillHoles();
  }

  #append(next: readonly Entry[]): void {
    this.#entries.value = [...this.#entries.value, ...next];
    const ops = new Set(next.map((e) => e.op).filter((op) => op !== undefined));
    const left = this.#pending.value.filter((p) => !ops.has(p.op) && !(p.seq !== undefined && p.seq <= this.shown));
    if (left.length !== this.#pending.value.length) this.#pending.value = left;
    if (next.some((e) => e.kind === "message" && e.author.kind !== this.#ports.side)) this.#typing.value = undefined;
    this.#markSoon();
  }

  /** A real hole is asked for at once; entries that are only known to exist, when they have not come by themselves. */
  #fillHoles(): void {
    if (this.#early.size > 0) return this.#ask();
    if (this.#last <= this.shown || this.#stopBehind) return;
    this.#stopBehind = this.#ports.clock.after(behindWait, () => {
      this.#stopBehind = undefined;
      if (this.#last > this.shown) this.#ask();
    });
  }

  #ask(): void {
    if (this.#asking) return;
    this.#asking = true;
    const before = this.shown;
    const done = (): void => {
      this.#asking = false;
      if (this.shown !== before) this.#fillHoles(); // else: the next frame or resume asks again, not a loop
    };
    this.#ports.since(before).then(done, done);
  }

  /** The newest seq there is, as the view says; asks for what is missing. */
  knowLast(last: number): void {
    this.#last = Math.max(this.#last, last);
    this.#fillHoles();
  }

  /** The record was restored to another state: forget the lines, keep what is unsent, ask for all. */
  forget(): void {
    this.#early.clear();
    this.#last = 0;
    this.#told = 0;
    this.#entries.value = [];
    this.#marks.value = new Map();
  }

  // -- our own messages --

  /** Sends a message. It is shown below the log at once, until its line comes; a refusal leaves it there as failed. */
  post(text: string): void {
    const op = this.#ports.newOp();
    this.#pending.value = [...this.#pending.value, { op, text, at: this.#ports.clock.now(), state: "sending" }];
    this.stoppedTyping();
    this.#send(op, text);
  }

  /** Shows and sends a message that an earlier page could not get an answer for; same op, so it cannot be there twice. */
  restore(op: Op, text: string): void {
    if (this.#pending.value.some((p) => p.op === op)) return;
    this.#pending.value = [...this.#pending.value, { op, text, at: this.#ports.clock.now(), state: "sending" }];
    this.#send(op, text);
  }

  /** Tries a failed message again, under its own op. */
  resend(op: Op): void {
    const it = this.#pending.value.find((p) => p.op === op);
    if (it?.state !== "failed") return;
    this.#change(op, { op, text: it.text, at: it.at, state: "sending" });
    this.#send(op, it.text);
  }

  /** Takes a failed message away. */
  discard(op: Op): void {
    this.#pending.value = this.#pending.value.filter((p) => p.op !== op || p.state !== "failed");
  }

  /** Takes a failed message away and gives its text, to be written anew; undefined when there is none. */
  takeBack(op: Op): string | undefined {
    const it = this.#pending.value.find((p) => p.op === op && p.state === "failed");
    this.discard(op);
    return it?.text;
  }

  #send(op: Op, text: string): void {
    this.#ports.post(text, op).then(
      (ack) => this.#stored(op, ack),
      (reason: unknown) => {
        if (!(reason instanceof Refusal)) return; // closed: the page ends, storage keeps it
        const it = this.#pending.value.find((p) => p.op === op);
        if (it) this.#change(op, { ...it, state: "failed", reason: reason.message });
      },
    );
  }

  #stored(op: Op, ack: Ack): void {
    const it = this.#pending.value.find((p) => p.op === op);
    if (!it) return; // its line was faster
    if (ack.seq !== undefined && ack.seq <= this.shown) {
      this.#pending.value = this.#pending.value.filter((p) => p.op !== op);
      return;
    }
    this.#change(op, { ...it, state: "stored", ...(ack.seq === undefined ? {} : { seq: ack.seq }) });
    if (ack.seq !== undefined) this.knowLast(ack.seq);
  }

  #change(op: Op, to: Pending): void {
    this.#pending.value = this.#pending.value.map((p) => (p.op === op ? to : p));
  }

  // -- marks --

  /** Takes marks; they never go down (D9). */
  takeMarks(frame: Marks): void {
    const marks = new Map(this.#marks.value);
    for (const m of frame.marks) {
      const old = marks.get(m.side);
      marks.set(m.side, {
        side: m.side,
        delivered: Math.max(m.delivered, old?.delivered ?? 0),
        read: Math.max(m.read, old?.read ?? 0),
      });
      if (m.side === this.#ports.side) this.#read.value = Math.max(this.#read.value, m.read);
    }
    this.#marks.value = marks;
  }

  /** How far one of our own lines has got, by the other side's marks. */
  markOf(entry: Entry): MarkState {
    let state: MarkState = "stored";
    for (const [side, mark] of this.#marks.value) {
      if (side === this.#ports.side) continue;
      if (mark.read >= entry.seq) return "read";
      if (mark.delivered >= entry.seq) state = "delivered";
    }
    return state;
  }

  /** The page shows all lines to the person now. */
  markRead(upTo: number = this.shown): void {
    if (upTo <= this.#read.value) return;
    this.#read.value = Math.max(this.#read.value, Math.min(upTo, this.shown));
    this.#markSoon();
  }

  /** How far another page of ours has read, as the view says. */
  knowRead(read: number): void {
    this.#read.value = Math.max(this.#read.value, read);
  }

  /** Tells our marks again: after a reconnect, since a mark may be lost. */
  markAgain(): void {
    if (this.shown > 0) this.#ports.mark(this.shown, this.#read.value);
  }

  #markSoon(): void {
    this.#stopMark ??= this.#ports.clock.after(markWait, () => {
      this.#stopMark = undefined;
      this.markAgain();
    });
  }

  // -- typing --

  takeTyping(frame: TypingNow): void {
    this.#stopTyping?.();
    this.#typing.value = frame.typing ? frame.who : undefined;
    this.#stopTyping = frame.typing ? this.#ports.clock.after(typingShown, () => (this.#typing.value = undefined)) : undefined;
  }

  /** A key was struck: told at once, then at most every 3 s; after 5 s without one the end is told. */
  typed(): void {
    const now = this.#ports.clock.now();
    if (now - this.#typedAt >= typingRepeat) {
      this.#typedAt = now;
      this.#ports.typing(true);
    }
    this.#stopTyped?.();
    this.#stopTyped = this.#ports.clock.after(5_000, () => this.stoppedTyping());
  }

  /** The draft was sent or emptied. */
  stoppedTyping(): void {
    this.#stopTyped?.();
    this.#stopTyped = undefined;
    if (this.#typedAt === -Infinity) return;
    this.#typedAt = -Infinity;
    this.#ports.typing(false);
  }
}
