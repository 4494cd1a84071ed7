import { computed, effect, signal } from "@preact/signals-core";
import { before, excess } from "../../../shared/src/composer.ts";
import type { Log } from "../../../shared/src/log.ts";
import type { Op } from "../../../shared/src/protocol.gen.ts";
import { isBlank } from "../../../shared/src/plain.ts";

/** Keeps drafts over a page load. */
export interface Drafts {
  get(key: string): string | undefined;
  set(key: string, text: string): void;
}

/** Drafts that live as long as the page. */
export function memoryDrafts(): Drafts {
  const drafts = new Map<string, string>();
  return { get: (key) => drafts.get(key), set: (key, text) => void drafts.set(key, text) };
}

/**
 * The message box of a card: what it holds, and whether it can be sent. The
 * draft is kept over a page load. What was sent stands in the log at once, as
 * sent or as failed with its text, so the box is empty after Send.
 */
export class Composer {
  readonly draft;
  /** Characters beyond what a message may have. They stay in the box, and it cannot be sent. */
  readonly over = computed(() => excess(this.draft.value, this.#longest()));
  readonly canSend = computed(() => this.#open() && !isBlank(this.draft.value) && this.over.value === 0);
  readonly #open: () => boolean;
  readonly #longest: () => number;
  readonly #log: Log;
  readonly #stop: () => void;

  /** open says whether messages can be written at all, longest how many characters one may have; both read signals. */
  constructor(log: Log, drafts: Drafts, open: () => boolean, longest = (): number => Infinity) {
    this.#log = log;
    this.#open = open;
    this.#longest = longest;
    this.draft = signal(drafts.get(log.conversation) ?? "");
    this.#stop = effect(() => drafts.set(log.conversation, this.draft.value));
  }

  /** The agent has changed the text. */
  write(text: string): void {
    this.draft.value = text;
    if (text.trim() === "") this.#log.stoppedTyping();
    else this.#log.typed();
  }

  /** Takes a message that was refused back into the box, before what is typed now. */
  takeBack(op: Op): void {
    const text = this.#log.takeBack(op);
    if (text !== undefined) this.draft.value = before(text, this.draft.value);
  }

  send(): void {
    if (!this.canSend.value) return;
    const text = this.draft.value.trim();
    this.draft.value = "";
    this.#log.post(text);
  }

  /** Ends it; the draft stays kept. */
  close(): void {
    this.#stop();
  }
}
