import { computed, signal } from "@preact/signals-core";
import { isBlank } from "./plain.ts";
import { Closed } from "./refusal.ts";

/** Whether a key belongs to an input method. Safari tells the Enter that ends a composition only by the old code. */
export function composes(e: { readonly isComposing: boolean; readonly keyCode: number }): boolean {
  return e.isComposing || e.keyCode === 229;
}

/** A text that comes back to a box which may hold another one meanwhile. */
export function before(text: string, draft: string): string {
  return isBlank(draft) ? text : `${text}\n${draft}`;
}

/** How many characters (Unicode code points, as the server counts) a message has beyond the longest. */
export function excess(draft: string, longest: number): number {
  return draft.length <= longest ? 0 : Math.max(0, Array.from(draft.trim()).length - longest);
}

/** The message box: what it holds and whether it can be sent. */
export class Composer {
  readonly draft = signal("");
  /** Characters beyond what a message may have. They stay in the box, and it cannot be sent. */
  readonly over = computed(() => excess(this.draft.value, this.#longest()));
  readonly canSend = computed(() => !isBlank(this.draft.value) && this.over.value === 0);
  readonly #post: (text: string) => Promise<void>;
  readonly #longest: () => number;

  /**
   * `post` takes a text, or rejects: with Closed when whose it is has gone, and it with them. longest is in characters
   * (Unicode code points), as the server counts.
   */
  constructor(post: (text: string) => Promise<void>, longest = (): number => Infinity) {
    this.#post = post;
    this.#longest = longest;
  }

  /** Puts texts that were refused, in their order, before what is typed now. */
  putBack(...texts: readonly string[]): void {
    this.draft.value = texts.reduceRight((draft, text) => before(text, draft), this.draft.peek());
  }

  /** Takes the draft out of the box and hands it over: what is typed meanwhile is another one. What could not be handed over comes back. */
  async send(): Promise<void> {
    if (!this.canSend.value) return;
    const text = this.draft.value;
    this.draft.value = "";
    try {
      await this.#post(text.trim());
    } catch (reason) {
      if (!(reason instanceof Closed)) this.putBack(text);
    }
  }
}
