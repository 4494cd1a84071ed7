import { computed, signal } from "@preact/signals-core";
import { isBlank } from "./plain.ts";

/** The message box: what it holds and whether it can be sent. */
export class Composer {
  readonly draft = signal("");
  readonly state = signal<"idle" | "sending" | "failed">("idle");
  readonly canSend = computed(() => !isBlank(this.draft.value) && this.state.value !== "sending");
  readonly #post: (text: string) => Promise<void>;

  constructor(post: (text: string) => Promise<void>) {
    this.#post = post;
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
      this.state.value = "failed";
    }
  }
}
