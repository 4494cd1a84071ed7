import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import {
  Closed,
  newOp,
  Refusal,
  type Ask,
  type Clock,
  type Composer,
  type ConversationID,
  type ConversationItem,
  type Kept,
  type Log,
  type Media,
  type Op,
  type Session,
  type SiteReason,
} from "../../../shared/src/index.ts";
import { strings } from "../strings.ts";
import { viewHolds } from "./holds.ts";
import { ended } from "./panel-ports.ts";
import type { VisitorStore } from "./visitor-store.ts";

/** What a FirstMessage needs of the panel. */
export interface FirstMessagePorts {
  readonly clock: Clock;
  readonly store: VisitorStore;
  readonly composer: Composer;
  readonly name: ReadonlySignal<string>;
  readonly trouble: Signal<string | undefined>;
  readonly session: ReadonlySignal<Session | undefined>;
  readonly conversation: ReadonlySignal<ConversationItem | undefined>;
  readonly log: ReadonlySignal<Log | undefined>;
  /** The session of the visitor, who is made if there is none. Rejects with Refusal, TypeError without a network, or Closed. */
  readonly visitor: () => Promise<Session>;
  /** A conversation was asked for in order to call. */
  readonly wanted: (conversation: ConversationID) => void;
  /** It was refused for a reason that a message gets around. */
  readonly refused: (reason: SiteReason) => void;
}

/** An Ask as it is kept over a page load. */
interface KeptAsk extends Kept {
  readonly kind: "chat.ask";
  readonly body: Ask;
}

/** Whether a command that was kept asks for a conversation. */
export function isAsk(kept: Kept): kept is KeptAsk {
  return kept.kind === "chat.ask";
}

/** What of a text the visitor has typed: not what the panel says for who wants a call without a word. */
function typedOf({ text, medium }: Ask): string | undefined {
  return medium !== undefined && text === strings.callWanted(medium === "video") ? undefined : text;
}

/** The conversation that has not ended. */
function openOf({ view }: Session): ConversationItem | undefined {
  return view.all("conversation").findLast((one) => !ended(one));
}

/**
 * The words that begin a conversation, until they stand in its log. They are kept over a page load until the server has taken
 * them, or they are shown elsewhere: also while they are refused, since another tab was quicker, and that is not in the view yet.
 */
export class FirstMessage {
  readonly #ports: FirstMessagePorts;
  readonly #making = signal<Ask | undefined>(undefined);
  readonly #asking = signal<{ op: Op; body: Ask } | undefined>(undefined);
  /** What the conversation began with here. */
  readonly #began = signal<{ conversation: ConversationID; text: string } | undefined>(undefined);
  #unanswered: readonly Kept[] = [];
  /** Those that the server has not taken, and that are shown nowhere else: the one on its way first. */
  #asks: readonly KeptAsk[] = [];
  /** What was said after them, and goes where they go. */
  readonly #next = signal<readonly KeptAsk[]>([]);

  /** They are on their way. */
  readonly underway = computed(() => this.#making.value !== undefined || this.#asking.value !== undefined);
  /** What was said after them, while it waits for them. */
  readonly next = computed(() => this.#next.value.map(({ body }) => body.text));
  /** They, while they do not stand in the log. */
  readonly text = computed(() => (this.#making.value ?? this.#asking.value?.body)?.text ?? this.#unlogged());

  constructor(ports: FirstMessagePorts) {
    this.#ports = ports;
  }

  /** Makes the visitor, then the connection, then the conversation. Resolves when it is on its way, and rejects when there is no visitor. */
  async ask(text: string, medium?: Media): Promise<void> {
    const { trouble, name, visitor } = this.#ports;
    const called = name.peek().trim();
    const body = { text, ...(called ? { name: called } : {}), ...(medium ? { medium } : {}) };
    trouble.value = undefined;
    this.#making.value = body;
    try {
      const session = await visitor();
      batch(() => {
        this.#making.value = undefined;
        void this.#ask(session, body, session.connection.op()); // its failure puts the text back into the box
      });
    } catch (reason) {
      if (reason instanceof Closed) throw reason; // it has gone with its visitor
      this.#making.value = undefined;
      this.#giveBack();
      trouble.value = reason instanceof Refusal ? reason.message : "";
      throw reason;
    }
  }

  /** Takes what is said while they are on their way. */
  add(text: string): void {
    this.#next.value = [...this.#next.peek(), { op: newOp(this.#ports.clock), kind: "chat.ask", body: { text } }];
    if (this.#asking.peek()) this.keep();
  }

  /** Asks what pages before have kept, one after the other: they may be of several tabs. */
  async again(session: Session, kept: readonly Kept[]): Promise<void> {
    const asks = kept.filter(isAsk);
    this.#asks = asks;
    for (const { op, body } of asks) if (this.#ports.session.peek() === session) await this.#ask(session, body, op);
  }

  /** Keeps the commands without an answer over a page load, and these words with them. */
  keep(unanswered: readonly Kept[] = this.#unanswered): void {
    this.#unanswered = unanswered;
    const words = [...this.#asks, ...this.#next.peek()].filter(({ op }) => !unanswered.some((one) => one.op === op));
    this.#ports.store.change({ kept: [...unanswered, ...words] });
  }

  /** What the visitor has typed and nobody was told, in its order. */
  get unsent(): readonly string[] {
    const [making, asking] = [this.#making.peek(), this.#asking.peek()];
    const others = [...this.#asks, ...this.#next.peek()].filter(({ op }) => op !== asking?.op);
    return [making, asking?.body, ...others.map(({ body }) => body)].flatMap((body) => (body && typedOf(body)) ?? []);
  }

  /** It was another visitor's. */
  clear(): void {
    batch(() => {
      this.#making.value = this.#asking.value = this.#began.value = undefined;
      this.#asks = this.#unanswered = this.#next.value = [];
    });
  }

  async #ask(session: Session, body: Ask, op: Op): Promise<void> {
    const { clock, wanted } = this.#ports;
    const { text, medium } = body;
    const gone = (): boolean => this.#ports.session.value !== session; // with its visitor: nobody else hears of it
    this.#asking.value = { op, body };
    if (!this.#asks.some((one) => one.op === op)) this.#asks = [...this.#asks, { op, kind: "chat.ask", body }];
    try {
      const { conversation } = await session.connection.command("chat.ask", body, op);
      if (!conversation || gone()) return;
      this.#settled(op);
      this.#began.value = { conversation, text };
      if (medium) wanted(conversation);
      await viewHolds(session, () => gone() || session.view.all("conversation").some((one) => one.conversation === conversation), clock); // the answer is quicker
    } catch (reason) {
      if (!(reason instanceof Refusal) || gone()) return;
      if (reason.code === "conflict") return; // said already, by another page that had it kept
      if (reason.code === "wrong_state" && !medium && (await this.#follow(session, text, op))) return;
      if (!gone()) this.#refused(reason, body);
    } finally {
      batch(() => {
        if (this.#asking.peek()?.op === op) this.#asking.value = undefined;
        if (!gone()) this.#settled(op);
        if (!gone() && this.#asks.length === 0) this.#goOn(session);
      });
    }
  }

  #settled(op: Op): void {
    if (!this.#asks.some((one) => one.op === op)) return;
    this.#asks = this.#asks.filter((one) => one.op !== op);
    this.keep();
  }

  /** Another tab was quicker to ask: what was to be the first message goes into its conversation, once, whoever else has it kept. Whether it did. */
  async #follow(session: Session, text: string, op: Op): Promise<boolean> {
    await viewHolds(session, () => this.#ports.session.value !== session || openOf(session) !== undefined, this.#ports.clock);
    const it = openOf(session);
    if (!it || this.#ports.session.peek() !== session) return false;
    session.log(it.conversation).restore(op, text);
    return true;
  }

  /** What was said after them follows them, or stands in the box again where there is no conversation. */
  #goOn(session: Session): void {
    const it = openOf(session);
    if (!it) return this.#giveBack();
    const next = this.#next.peek();
    this.#next.value = [];
    for (const { op, body } of next) session.log(it.conversation).restore(op, body.text);
    if (next.length > 0) this.keep();
  }

  #giveBack(): void {
    const next = this.#next.peek();
    if (next.length === 0) return;
    this.#ports.composer.putBack(...this.next.peek());
    this.#next.value = [];
    if (this.#ports.session.peek()) this.keep();
  }

  #refused({ code, message }: Refusal, body: Ask): void {
    const typed = typedOf(body);
    this.#giveBack();
    if (typed !== undefined) this.#ports.composer.putBack(typed);
    if (code === "closed" || code === "full") this.#ports.refused(code);
    else this.#ports.trouble.value = message;
  }

  #unlogged(): string | undefined {
    const { conversation, log } = this.#ports;
    const began = this.#began.value;
    return began && began.conversation === conversation.value?.conversation && log.value?.entries.value.length === 0 ? began.text : undefined;
  }
}
