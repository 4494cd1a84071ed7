import { signal } from "@preact/signals-core";
import type { AgentID, ConversationID, Why } from "../../../shared/src/protocol.gen.ts";
import { sentence } from "./line.ts";

/** Of what it is asked why: a conversation, or an agent. */
export type WhyOf = { readonly conversation: ConversationID } | { readonly agent: AgentID };

/** What routing decided about a conversation or an agent, as it was written down then (ROUTE-12). */
export class WhyDialog {
  readonly kind = "why";
  /** Whom or what it is about. */
  readonly name: string;
  readonly why = signal<Why | undefined>(undefined);
  readonly failure = signal("");
  readonly busy = signal(false);
  readonly #ask: () => Promise<Why>;

  constructor(name: string, of: WhyOf, ask: (of: WhyOf) => Promise<Why>) {
    this.name = name;
    this.#ask = () => ask(of);
    void this.load(); // tells its failure itself
  }

  /** Reads it anew. */
  async load(): Promise<void> {
    if (this.busy.value) return;
    this.busy.value = true;
    this.failure.value = "";
    try {
      this.why.value = await this.#ask();
    } catch (reason) {
      this.failure.value = sentence(reason);
    } finally {
      this.busy.value = false;
    }
  }

  close(): void {
    // nothing runs on
  }
}
