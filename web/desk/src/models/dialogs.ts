import { signal } from "@preact/signals-core";
import type { Clock } from "../../../shared/src/clock.ts";
import type { ConversationID, Targets, Why } from "../../../shared/src/protocol.gen.ts";
import type { CommandKind } from "../../../shared/src/outbox.ts";
import type { Card } from "./card.ts";
import type { Line } from "./line.ts";
import { TeamDialog, type TeamVerb } from "./team.ts";
import { WhyDialog, type WhyOf } from "./why.ts";

/** What is asked of the server beside the connection, because the answers are long. Each rejects with an Error that says why not. */
export interface Insight {
  targets(conversation: ConversationID): Promise<Targets>;
  why(of: WhyOf): Promise<Why>;
}

/** The question where a conversation goes that its last agent leaves. */
export interface LeaveDialog {
  readonly kind: "leave";
  readonly card: Card;
  close(): void;
}

/** What dialogs need from outside. */
export interface DialogsOutside {
  readonly line: Line;
  readonly clock: Clock;
  readonly insight: Insight;
  /** Verbs that the server does not know: nothing of them is shown. "why" stands for the decisions. */
  readonly lacks?: ReadonlySet<CommandKind | "why">;
  /** A colleague has been asked about this conversation: its card has the cursor again, since the verb that opened the dialog cannot be pressed any more. */
  readonly asked: (conversation: ConversationID) => void;
}

/** The one dialog that stands over the desk, if any, about a card or an agent. */
export class Dialogs {
  readonly #o: DialogsOutside;
  readonly #open = signal<TeamDialog | LeaveDialog | WhyDialog | undefined>(undefined);

  constructor(outside: DialogsOutside) {
    this.#o = outside;
  }

  /** The open one; reads a signal. */
  get open(): TeamDialog | LeaveDialog | WhyDialog | undefined {
    return this.#open.value;
  }

  /** Whether the server carries out such a verb at all. */
  can(verb: CommandKind | "why"): boolean {
    return this.#o.lacks?.has(verb) !== true;
  }

  team(verb: TeamVerb, card: Card): void {
    const close = () => {
      this.close();
      this.#o.asked(card.conversation);
    };
    this.#show(new TeamDialog(verb, card, { ...this.#o, close }));
  }

  leave(card: Card): void {
    this.#show({ kind: "leave", card, close: () => undefined });
  }

  why(name: string, of: WhyOf): void {
    this.#show(new WhyDialog(name, of, (it) => this.#o.insight.why(it)));
  }

  close(): void {
    this.#open.peek()?.close();
    this.#open.value = undefined;
  }

  #show(dialog: TeamDialog | LeaveDialog | WhyDialog): void {
    this.close();
    this.#open.value = dialog;
  }
}
