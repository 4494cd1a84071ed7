import { computed, effect, signal, untracked } from "@preact/signals";
import { Refusal, wantedDevices, type CallItem, type ConversationID, type Media, type Session } from "../../../shared/src/index.ts";
import { slotOf, type CallLeg } from "../../../shared/src/browser/index.ts";

/** What makes a leg for a call; ends by the signal. */
export type NewLeg = (session: Session, call: CallItem, signal: AbortSignal) => CallLeg;

/** The call of a conversation at the visitor's side: what is asked, what runs, and our leg. */
export class CallModel {
  readonly #session: Session;
  readonly #newLeg: NewLeg;
  readonly #visible: () => boolean;
  readonly #item = signal<CallItem | undefined>(undefined);
  readonly #leg = signal<CallLeg | undefined>(undefined);
  readonly #elsewhere = signal(false);
  /** A sentence about a command of ours that was refused. */
  readonly trouble = signal<string | undefined>(undefined);
  readonly busy = signal(false);
  #legCall: string | undefined;
  #end: AbortController | undefined;
  /** Connections that this page has had: the leg is ours when its tab is one of them. */
  readonly #mine = new Set<string>();

  /** The other side asks us. */
  readonly asked = computed(() => (this.#item.value?.state === "asked" && this.#item.value.askedBy !== "visitor" ? this.#item.value : undefined));
  /** We asked and wait for an answer. */
  readonly asking = computed(() => (this.#item.value?.state === "asked" && this.#item.value.askedBy === "visitor" ? this.#item.value : undefined));
  readonly running = computed(() => (this.#item.value?.state === "running" ? this.#item.value : undefined));
  readonly leg = computed(() => this.#leg.value);
  /** The call runs, and another tab of ours holds it. */
  readonly elsewhere = computed(() => this.running.value !== undefined && this.#elsewhere.value);
  /** The other parties with their streams. */
  readonly others = computed(() => {
    const parties = this.running.value?.parties ?? [];
    const own = parties.find((p) => p.you)?.ordinal ?? 0;
    const streams = this.#leg.value?.streams.value ?? [];
    return parties.filter((p) => !p.you).map((party) => ({ party, stream: streams[slotOf(party.ordinal, own)] }));
  });

  constructor(session: Session, conversation: ConversationID, newLeg: NewLeg, visible: () => boolean, signal: AbortSignal) {
    this.#session = session;
    this.#newLeg = newLeg;
    this.#visible = visible;
    const stops = [
      effect(() => {
        const { view, connection } = session;
        this.#item.value = view.all("call").find((c) => c.conversation === conversation);
        const id = connection.welcome.value?.connection;
        if (id) this.#mine.add(id);
      }),
      effect(() => {
        const item = this.running.value;
        untracked(() => this.#follow(item));
      }),
    ];
    signal.addEventListener("abort", () => {
      for (const stop of stops) stop();
      this.#drop();
    });
  }

  /** A running call is joined without asking again: the visitor allowed it, on this page or on the one before. */
  #follow(item: CallItem | undefined): void {
    if (!item) return this.#drop();
    const foreign = item.tab !== undefined && !this.#mine.has(item.tab);
    if (this.#leg.value && this.#legCall === item.call) {
      if (foreign && this.#held) this.#yield();
      if (!foreign && item.tab) this.#held = true;
      return;
    }
    if (this.#yielded === item.call) return;
    if (foreign && !this.#visible()) {
      this.#elsewhere.value = true;
      return;
    }
    this.#join(item);
  }

  #held = false;
  #yielded: string | undefined;

  /** Another tab of ours took the call. */
  #yield(): void {
    this.#yielded = this.#legCall;
    this.#drop();
    this.#elsewhere.value = true;
  }

  #join(item: CallItem): void {
    this.#drop();
    this.#end = new AbortController();
    this.#legCall = item.call;
    this.#elsewhere.value = false;
    const leg = this.#newLeg(this.#session, item, this.#end.signal);
    this.#leg.value = leg;
    leg.start(wantedDevices(item));
  }

  #drop(): void {
    this.#end?.abort();
    this.#end = undefined;
    this.#legCall = undefined;
    this.#held = false;
    this.#leg.value = undefined;
    this.#elsewhere.value = false;
  }

  /** Takes the call into this tab. */
  bringHere(): void {
    const item = this.running.value;
    this.#yielded = undefined;
    if (item) this.#join(item);
  }

  ask(conversation: ConversationID, media: Media): Promise<void> {
    return this.#try(() => this.#session.connection.command("call.ask", { conversation, media }));
  }

  answer(allow: boolean): Promise<void> {
    const call = this.asked.value?.call;
    if (!call) return Promise.resolve();
    return this.#try(() => this.#session.connection.command("call.answer", { call, allow }));
  }

  /** Ends the call, or takes our question back. */
  hangUp(): Promise<void> {
    const call = this.#item.value?.call;
    if (!call) return Promise.resolve();
    return this.#try(() => this.#session.connection.command("call.hang_up", { call }));
  }

  async #try(run: () => Promise<unknown>): Promise<void> {
    this.trouble.value = undefined;
    this.busy.value = true;
    try {
      await run();
    } catch (reason) {
      if (reason instanceof Refusal) this.trouble.value = reason.message;
    } finally {
      this.busy.value = false;
    }
  }
}
