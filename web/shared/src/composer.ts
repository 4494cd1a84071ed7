import { computed, signal } from "@preact/signals-core";
import { isBlank } from "./plain.ts";

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
  readonly state = signal<"idle" | "sending" | "failed">("idle");
  /** Characters beyond what a message may have. They stay in the box, and it cannot be sent. */
  readonly over = computed(() => excess(this.draft.value, this.#longest()));
  readonly canSend = computed(() => !isBlank(this.draft.value) && this.over.value === 0 && this.state.value !== "sending");
  readonly #post: (text: string) => Promise<void>;
  readonly #longest: () => number;

  /** longest is in characters (Unicode code points), as the server counts. */
  constructor(post: (text: string) => Promise<void>, longest = (): number => Infinity) {
    this.#post = post;
    this.#longest = longest;
  }

  /** Puts a text that was refused before what is typed now. */
  putBack(text: string): void {
    this.draft.value = before(text, this.draft.peek());
  }

  /** Hands the draft over. What is typed meanwhile stays; when it fails, the draft stays too: nothing typed is lost. */
  async send(): Promise<void> {
    if (!this.canSend.value) return;
    const text = this.draft.value;
    this.state.value = "sending";
    try {
      await this.#post(text.trim());
      if (this.draft.value === text) this.draft.value = "";
      this.state.value = "idle";
    } catch {
      this.state.value = isBlank(this.draft.value) ? "idle" : "failed"; // what was emptied meanwhile is not missed
    }
  }
}
