import { signal } from "@preact/signals-core";
import type { AgentID, ConversationID, Why } from "../../../shared/src/protocol.gen.ts";
import { sentence } from "./line.ts";

/** Of what it is asked why: a conversation, or an agent. */
export type WhyOf = ({ readonly conversation: ConversationID } | { readonly agent: AgentID }) & { readonly before?: number };

const lists = ["decisions", "queue", "offers"] as const;

/** The first of a page that was added: in which list, and its place in it. */
export interface Added {
  readonly list: (typeof lists)[number];
  readonly at: number;
}

/** What routing decided about a conversation or an agent, as it was written down then (ROUTE-12). */
export class WhyDialog {
  readonly kind = "why";
  /** Whom or what it is about. */
  readonly name: string;
  readonly why = signal<Why | undefined>(undefined);
  readonly failure = signal("");
  readonly busy = signal(false);
  /** Where the page begins that was added last: there reading goes on. */
  readonly added = signal<Added | undefined>(undefined);
  readonly #ask: (before?: number) => Promise<Why>;

  constructor(name: string, of: WhyOf, ask: (of: WhyOf) => Promise<Why>) {
    this.name = name;
    this.#ask = (before) => ask(before === undefined ? of : { ...of, before });
    void this.load(); // tells its failure itself
  }

  /** Reads the newest anew; older pages are asked for again. */
  load(): Promise<void> {
    return this.#try(async () => {
      this.why.value = await this.#ask();
      this.added.value = undefined;
    });
  }

  /** Adds the page before what is shown; there is one while `older` says so. */
  async showOlder(): Promise<void> {
    const shown = this.why.value;
    if (!shown?.older) return;
    const before = shown.older;
    await this.#try(async () => {
      const { older = 0, ...page } = await this.#ask(before);
      this.why.value = {
        ...shown,
        decisions: [...shown.decisions, ...page.decisions],
        queue: [...shown.queue, ...page.queue],
        offers: [...shown.offers, ...page.offers],
        older,
      };
      const list = lists.find((one) => page[one].length > 0);
      this.added.value = list === undefined ? undefined : { list, at: shown[list].length };
    });
  }

  async #try(read: () => Promise<unknown>): Promise<void> {
    if (this.busy.value) return;
    this.busy.value = true;
    this.failure.value = "";
    try {
      await read();
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
