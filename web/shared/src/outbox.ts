import type { Clock } from "./clock.ts";
import { jittered } from "./clock.ts";
import type { CallJoined, Ack, Commands, Entries, Failed, Op } from "./protocol.gen.ts";
import { Closed, Refusal } from "./refusal.ts";

/** The kinds that are answered under their op, without the connection's own. */
export type CommandKind = Exclude<keyof Commands, "connection.hello" | "connection.resume">;

/** What the server answers to a command when it does not refuse. */
export type Answer<K extends CommandKind> = K extends "chat.since" ? Entries : K extends "call.join" ? CallJoined : Ack;

/** A command as it is kept until it is answered; JSON-able, so that storage can hold it over a page load. */
export interface Kept {
  readonly op: Op;
  readonly kind: CommandKind;
  readonly body: Commands[CommandKind];
}

interface Waiting extends Kept {
  readonly lane: string;
  sentAt: number | undefined;
  tries: number;
  wake: (() => void) | undefined;
  resolve(answer: unknown): void;
  reject(reason: Error): void;
}

/** Commands whose answer may take the server longer than a plain write does. */
const slow: ReadonlySet<CommandKind> = new Set(["call.join", "chat.since", "call.hang_up"]);
const slowFactor = 6;
const maxTries = 6;

/** Commands worth keeping over a page load: what a person said or decided. The rest belongs to its page. */
export const lasting: ReadonlySet<CommandKind> = new Set([
  "chat.ask",
  "chat.post",
  "chat.leave",
  "chat.leave_message",
  "chat.end",
  "call.answer",
  "cobrowse.answer",
  "cobrowse.stop",
  "call.hang_up",
]);

/** What a server says that cannot take a command now, whatever is in it: it can when it is well again. */
const untilWell: ReadonlySet<string> = new Set(["unavailable", "rate_limited"]);
const maxWaiting = 1000;

/** Commands that write to one conversation share its lane: the next leaves when the one before it was answered (D13). */
function laneOf(kept: Kept): string {
  const ordered = kept.kind === "chat.post" || kept.kind === "chat.end" || kept.kind === "chat.leave" || kept.kind === "chat.leave_message";
  if (ordered && "conversation" in kept.body) return kept.body.conversation;
  return kept.kind === "chat.ask" ? "ask" : kept.op;
}

/**
 * An Outbox holds commands until the server has answered them, over any number of transports: the op makes that what is
 * sent twice is done once. Commands of one conversation leave one after the other. It holds at most 1000 commands; one
 * more is refused with `rate_limited`.
 */
export class Outbox {
  readonly #clock: Clock;
  readonly #send: (kept: Kept) => boolean;
  readonly #changed: () => void;
  readonly #waiting = new Map<Op, Waiting>();

  /** `send` gives a command to the transport, false when there is none now; `changed` tells that the kept ones changed. */
  constructor(clock: Clock, send: (kept: Kept) => boolean, changed: () => void) {
    this.#clock = clock;
    this.#send = send;
    this.#changed = changed;
  }

  /** All commands without an answer, oldest first. */
  get kept(): Kept[] {
    return [...this.#waiting.values()].map(({ op, kind, body }) => ({ op, kind, body }));
  }

  /** Adds a command. The promise ends by the server's answer, by a Refusal, or by Closed. An op already there is not added twice. */
  add(kept: Kept): Promise<unknown> {
    if (this.#waiting.size >= maxWaiting) {
      return Promise.reject(new Refusal({ code: "rate_limited", message: "Too much waits to be sent.", retry: true }));
    }
    return new Promise((resolve, reject) => {
      if (this.#waiting.has(kept.op)) return reject(new Closed());
      this.#waiting.set(kept.op, { ...kept, lane: laneOf(kept), sentAt: undefined, tries: 0, wake: undefined, resolve, reject });
      this.#changed();
      this.flush();
    });
  }

  /** Whether the op is still without an answer. */
  has(op: Op): boolean {
    return this.#waiting.has(op);
  }

  /** Ends a command with its answer; false when nobody waits for it (a repeat). */
  settle(op: Op, answer: unknown): boolean {
    const waiting = this.#take(op);
    waiting?.resolve(answer);
    this.flush();
    return waiting !== undefined;
  }

  /**
   * The server refused a command. What may succeed later is tried again, keeping its place in its lane: six times, and what a
   * person said or decided for as long as the server is not well.
   */
  refuse(op: Op, failed: Failed): void {
    const waiting = this.#waiting.get(op);
    if (!waiting) return;
    waiting.tries++;
    const patient = lasting.has(waiting.kind) && untilWell.has(failed.code);
    if (failed.retry && (patient || waiting.tries < maxTries)) {
      const wait = jittered(this.#clock, Math.min(300 * 2 ** waiting.tries, 10_000));
      waiting.sentAt = Infinity;
      waiting.wake?.();
      waiting.wake = this.#clock.after(wait, () => {
        waiting.wake = undefined;
        waiting.sentAt = undefined;
        this.flush();
      });
      return;
    }
    this.#take(op)?.reject(new Refusal(failed));
    this.flush();
  }

  /** A new transport is there: everything without an answer leaves again, in order. */
  resend(): void {
    for (const waiting of this.#waiting.values()) {
      if (waiting.wake === undefined) waiting.sentAt = undefined;
    }
    this.flush();
  }

  /** Sends what may leave now. */
  flush(): void {
    const busy = new Set<string>();
    for (const waiting of [...this.#waiting.values()]) {
      if (busy.has(waiting.lane)) continue;
      busy.add(waiting.lane);
      if (waiting.sentAt === undefined && this.#send(waiting)) waiting.sentAt = this.#clock.now();
    }
  }

  /** Whether a command that was sent has waited longer than `ms` for its answer (six times that for slow kinds). */
  overdue(ms: number): boolean {
    const now = this.#clock.now();
    for (const { sentAt, kind } of this.#waiting.values()) {
      if (sentAt !== undefined && now - sentAt > ms * (slow.has(kind) ? slowFactor : 1)) return true;
    }
    return false;
  }

  /** Ends every command with Closed; `kept` of before may be added to another outbox. */
  close(): void {
    for (const waiting of this.#waiting.values()) {
      waiting.wake?.();
      waiting.reject(new Closed());
    }
    this.#waiting.clear();
  }

  #take(op: Op): Waiting | undefined {
    const waiting = this.#waiting.get(op);
    if (!waiting) return undefined;
    waiting.wake?.();
    this.#waiting.delete(op);
    this.#changed();
    return waiting;
  }
}
