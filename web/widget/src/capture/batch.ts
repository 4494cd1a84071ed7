import type { RecordedEvent } from "./scrub.ts";

/** How long events are gathered before they are sent, milliseconds. */
const batchWait = 40;
/** A field with more characters than this is told once in so many milliseconds: each key in it would send them all again. */
const [longText, longWait] = [500, 1_000];
const [incremental, input] = [3, 5];

interface Input {
  readonly source: number;
  readonly id: number;
  readonly text?: string;
}

/** The events between two sendings, in their order; of each field only what it holds last. */
export class Batch {
  readonly #send: (events: readonly RecordedEvent[]) => void;
  #events: RecordedEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #long = new Map<number, RecordedEvent>();
  #longTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (events: readonly RecordedEvent[]) => void) {
    this.#send = send;
  }

  add(event: RecordedEvent): void {
    const of = inputOf(event);
    if (of) {
      this.#long.delete(of.id);
      this.#events = this.#events.filter((one) => inputOf(one)?.id !== of.id);
      if ((of.text ?? "").length > longText) {
        this.#long.set(of.id, event);
        this.#longTimer ??= setTimeout(() => this.#flush(true), longWait);
        return;
      }
    }
    this.#events.push(event);
    this.#timer ??= setTimeout(() => this.#flush(false), batchWait);
  }

  /** Drops all that waits. */
  clear(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#longTimer);
    this.#timer = this.#longTimer = undefined;
    this.#events = [];
    this.#long.clear();
  }

  #flush(long: boolean): void {
    const events = [...this.#events, ...(long ? this.#long.values() : [])];
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#events = [];
    if (long) {
      this.#longTimer = undefined;
      this.#long.clear();
    }
    if (events.length > 0) this.#send(events);
  }
}

function inputOf({ type, data }: RecordedEvent): Input | undefined {
  return type === incremental && (data as Input).source === input ? (data as Input) : undefined;
}
