import { computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import { LegPlace, Refusal, wantedDevices, type CallItem, type ConversationID, type Media, type Session } from "../../../shared/src/index.ts";
import { slotOf, type CallLeg } from "../../../shared/src/browser/index.ts";
import { strings } from "../strings.ts";
import { countdown, type CountdownPorts } from "./countdown.ts";

/** What makes a leg for a call; ends by the signal. */
export type NewLeg = (session: Session, call: CallItem, signal: AbortSignal, place: LegPlace) => CallLeg;

/** Calls and shared pages that belong to this tab: it asked for them or allowed them, on this page or on one before. */
export interface OwnSteps {
  has(id: string): boolean;
  add(id: string): void;
  delete(id: string): void;
}

/** What a CallModel needs of the panel. */
export interface CallPorts extends CountdownPorts {
  /** Left out where the browser cannot have calls: it takes none. */
  readonly newLeg?: NewLeg | undefined;
  readonly own: OwnSteps;
}

/** How long a running call may be without a leg of ours before a tab that is not its own offers to take it. */
const unclaimedWait = 5_000;

/** The call of a conversation at the visitor's side: what is asked, what runs, and our leg. */
export class CallModel {
  readonly #session: Session;
  readonly #ports: CallPorts;
  readonly #item = signal<CallItem | undefined>(undefined);
  readonly #leg = signal<CallLeg | undefined>(undefined);
  readonly #elsewhere = signal(false);
  /** A sentence about a command of ours that was refused. */
  readonly trouble = signal<string | undefined>(undefined);
  readonly busy = signal(false);
  #legCall: string | undefined;
  #end: AbortController | undefined;
  readonly #place = new LegPlace();

  /** The other side asks us. */
  readonly asked = computed(() => (this.#item.value?.state === "asked" && this.#item.value.askedBy !== "visitor" ? this.#item.value : undefined));
  /** Seconds that the other side's question still stands; undefined without a question, or when it has no end. */
  readonly left: ReadonlySignal<number | undefined>;
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

  constructor(session: Session, conversation: ConversationID, ports: CallPorts, signal: AbortSignal) {
    this.#session = session;
    this.#ports = ports;
    this.left = countdown(computed(() => this.asked.value?.deadline), ports, signal);
    const stops = [
      effect(() => {
        const { view, connection } = session;
        this.#item.value = view.all("call").find((c) => c.conversation === conversation);
        this.#place.connected(connection.welcome.value?.connection);
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

  /** A running call is joined without asking again in the tab that asked for it or allowed it, on this page or on the one before. */
  #follow(item: CallItem | undefined): void {
    if (!item) return this.#drop();
    if (this.#leg.value && this.#legCall === item.call) {
      if (this.#place.taken(item.tab)) this.#yield();
      return;
    }
    if (this.#ports.own.has(item.call)) return this.#join(item);
    if (this.#place.elsewhere(item.tab)) this.#elsewhere.value = true;
    else this.#stopWait ??= this.#ports.after(unclaimedWait, () => (this.#elsewhere.value = true));
  }

  /** The page has said what is this tab's. */
  claimed(): void {
    this.#follow(this.running.peek());
  }

  #stopWait: (() => void) | undefined;

  /** Another tab of ours took the call. */
  #yield(): void {
    if (this.#legCall) this.#ports.own.delete(this.#legCall);
    this.#drop();
    this.#elsewhere.value = true;
  }

  #join(item: CallItem): void {
    this.#drop();
    const { newLeg } = this.#ports;
    if (!newLeg) return;
    this.#end = new AbortController();
    this.#legCall = item.call;
    this.#place.begins();
    this.#elsewhere.value = false;
    const leg = newLeg(this.#session, item, this.#end.signal, this.#place);
    this.#leg.value = leg;
    leg.start(wantedDevices(item));
  }

  #drop(): void {
    this.#stopWait?.();
    this.#stopWait = undefined;
    this.#end?.abort();
    this.#end = undefined;
    this.#legCall = undefined;
    this.#leg.value = undefined;
    this.#elsewhere.value = false;
  }

  /** Takes the call into this tab. */
  bringHere(): void {
    const item = this.running.value;
    if (!item) return;
    this.#ports.own.add(item.call);
    this.#join(item);
  }

  ask(conversation: ConversationID, media: Media): Promise<void> {
    return this.#try(async () => {
      const { id } = await this.#session.connection.command("call.ask", { conversation, media });
      if (id) this.#ports.own.add(id);
      this.#follow(this.running.peek()); // it may have been taken before we knew its name
    });
  }

  async answer(allow: boolean): Promise<void> {
    const call = this.asked.value?.call;
    if (!call) return;
    const able = this.#ports.newLeg !== undefined;
    if (allow && able) this.#ports.own.add(call);
    await this.#try(() =>
      this.#session.connection.command("call.answer", { call, allow: allow && able }).catch((reason: unknown) => {
        if (reason instanceof Refusal) this.#ports.own.delete(call); // another tab was quicker
        throw reason;
      }),
    );
    if (allow && !able) this.trouble.value ??= strings.noCalls;
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
