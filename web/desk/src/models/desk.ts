import { computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals-core";
import type { Clock, Lifetime } from "../../../shared/src/clock.ts";
import type { Connection, ConnectionState } from "../../../shared/src/connection.ts";
import type { LegPlace } from "../../../shared/src/leg-place.ts";
import type { Log } from "../../../shared/src/log.ts";
import type { CallItem, CardItem, CobrowseItem, ConversationID, OfferItem, Permission, QueueItem, Welcome } from "../../../shared/src/protocol.gen.ts";
import type { View } from "../../../shared/src/view.ts";
import { Attention } from "./attention.ts";
import { Call, type Leg, type OwnCalls } from "./call.ts";
import { Card } from "./card.ts";
import { Cobrowse } from "./cobrowse.ts";
import type { Drafts } from "./composer.ts";
import { Dialogs, type DialogsOutside, type Insight } from "./dialogs.ts";
import { keyed } from "./keyed.ts";
import { Leaving } from "./leaving.ts";
import type { Line } from "./line.ts";
import { Offer } from "./offer.ts";
import { OwnState } from "./own-state.ts";
import { Places } from "./places.ts";
import { Pulse } from "./pulse.ts";
import { TakenCalls } from "./taken-calls.ts";
import { Waiting } from "./waiting.ts";

/** What the desk is fed by. A shared Session fits, and so does a story. */
export interface Feed {
  readonly line: Line;
  readonly view: View;
  log(conversation: ConversationID): Log;
  readonly state: ReadonlySignal<ConnectionState>;
  readonly transport: Connection["transport"];
  readonly welcome: ReadonlySignal<Welcome | undefined>;
}

/** What the desk needs from the page it runs in. */
export interface DeskOutside {
  readonly clock: Clock;
  readonly drafts: Drafts;
  readonly ownCalls: OwnCalls;
  startLeg(item: ReadonlySignal<CallItem>, line: Line, place: LegPlace): Leg;
  readonly insight: Insight;
  /** Verbs that the server does not know; left out where it knows all. */
  readonly lacks?: DialogsOutside["lacks"];
  /** Ends the session and the desk; left out where there is none. */
  readonly signOut?: () => void;
  readonly signal: Lifetime;
}

/** The agent's desktop: everything that is on it now, made from the view that the server keeps. */
export class Desk {
  readonly feed: Feed;
  readonly pulse: Pulse;
  readonly own: OwnState;
  readonly places = new Places();
  readonly offers: ReadonlySignal<readonly Offer[]>;
  readonly cards: ReadonlySignal<readonly Card[]>;
  /** By name: at every start in the same order. */
  readonly queues: ReadonlySignal<readonly QueueItem[]>;
  readonly attention: Attention;
  readonly leaving: Leaving;
  readonly waiting: Waiting;
  readonly dialogs: Dialogs;
  /** What lies over the desk. */
  readonly overlay = signal<"palette" | "shortcuts" | "leaving" | undefined>(undefined);
  readonly #o: DeskOutside;
  readonly #cobrowses: ReadonlySignal<readonly Cobrowse[]>;
  readonly #cardOf = new Map<ConversationID, Card>();
  readonly #opening = new Map<ConversationID, boolean>();
  readonly #takenCalls: TakenCalls;

  /** The card in front; undefined while it is empty. */
  readonly front: ReadonlySignal<Card | undefined>;
  readonly running: ReadonlySignal<readonly Card[]>;
  readonly parked: ReadonlySignal<readonly Card[]>;
  /** Of all cards. */
  readonly calls: ReadonlySignal<readonly Call[]>;

  constructor(feed: Feed, outside: DeskOutside) {
    this.feed = feed;
    this.#o = outside;
    this.pulse = new Pulse(outside.clock, outside.signal);
    this.#takenCalls = new TakenCalls(() => this.pulse.exact());
    this.dialogs = new Dialogs({
      line: feed.line,
      clock: outside.clock,
      insight: outside.insight,
      asked: (conversation) => this.show(conversation),
      ...(outside.lacks === undefined ? {} : { lacks: outside.lacks }),
    });
    this.own = new OwnState(feed.line, computed(() => feed.view.all("agent")[0]), (verb) => this.dialogs.can(verb));
    this.queues = computed(() => feed.view.all("queue").toSorted((a, b) => a.name.localeCompare(b.name)));
    this.waiting = new Waiting({
      queues: this.queues,
      items: computed(() => feed.view.all("waiting")),
      line: feed.line,
      any: () => this.#may("pick.any"),
      taken: (conversation) => this.#bring(conversation),
    });
    const { signal: ends } = outside;
    const { view } = feed;
    this.calls = keyed(() => view.all("call"), (c) => c.call, (it) => this.#call(it), (c) => c.close(), ends);
    const cobrowses = keyed(() => view.all("cobrowse"), (c) => c.cobrowse, (it) => this.#cobrowse(it), (c) => c.close(), ends);
    this.#cobrowses = cobrowses;
    this.cards = keyed(() => view.all("card"), (c) => c.conversation, (it) => this.#card(it, this.calls, cobrowses), (c) => c.close(), ends);
    const offers = keyed(() => view.all("offer"), (o) => o.offer, (it) => this.#offer(it), (o) => o.close(), ends);
    this.offers = computed(() => offers.value.filter((o) => !o.past.value));
    this.running = computed(() => this.cards.value.filter((c) => !c.parked.value));
    this.parked = computed(() => this.cards.value.filter((c) => c.parked.value));
    this.front = computed(() => this.cards.value.find((c) => c.conversation === this.places.conversation.value));
    this.attention = new Attention(this.offers, this.cards);
    this.leaving = new Leaving(this, outside.clock, outside.signOut);
    this.#run();
  }

  /** Opens a conversation's card and puts the cursor into its text box. */
  show(conversation: ConversationID): void {
    this.places.open(conversation, true);
  }

  /** Opens what routing decided about this agent. */
  whyMe(): void {
    const me = this.own.item.peek();
    if (me !== undefined) this.dialogs.why(me.name, { agent: me.agent });
  }

  /** Takes a co-browse packet; the header names its session. */
  packet(data: Uint8Array, cobrowse: string): void {
    this.#cobrowses.value.find((c) => c.item.peek().cobrowse === cobrowse)?.packet(data);
  }

  /** Brings a conversation to the front: at once, or when its card comes. */
  #bring(conversation: ConversationID): void {
    if (this.#cardOf.has(conversation)) this.show(conversation);
    else this.#opening.set(conversation, true);
  }

  #may(right: Permission): boolean {
    return this.feed.welcome.value?.permissions?.includes(right) ?? false;
  }

  #run(): void {
    const stops = [
      effect(() => {
        const welcome = this.feed.welcome.value;
        if (welcome !== undefined) untracked(() => this.pulse.set(welcome.now));
      }),
      effect(() => {
        const cards = this.cards.value;
        if (this.feed.view.loaded.value) untracked(() => this.#arrange(cards));
      }),
    ];
    const { signal: ends } = this.#o;
    ends.addEventListener("abort", () => stops.forEach((stop) => stop()), { once: true });
  }

  /** New conversations open by themselves, cleared ones leave. Accept keeps the focus while others run, Open moves it (ROUTE-3). */
  #arrange(cards: readonly Card[]): void {
    const now = new Map(cards.map((card) => [card.conversation, card]));
    for (const place of this.places.places.value) {
      if (place.conversation !== undefined && !now.has(place.conversation)) this.places.clear(place.conversation);
    }
    const first = this.#cardOf.size === 0;
    for (const [conversation, card] of now) {
      if (this.#cardOf.has(conversation)) continue;
      const alone = this.front.value === undefined;
      const move = this.#opening.get(conversation) ?? false;
      this.#opening.delete(conversation);
      this.#cardOf.set(conversation, card);
      if (!first || !this.places.places.value.some((p) => p.conversation === conversation)) this.places.open(conversation, move || alone);
    }
    for (const conversation of this.#cardOf.keys()) if (!now.has(conversation)) this.#cardOf.delete(conversation);
  }

  #offer(item: ReadonlySignal<OfferItem>): Offer {
    const taken = (offer: Offer, move: boolean) => {
      this.#opening.set(offer.item.conversation, move);
      this.#takenCalls.took(offer.item);
    };
    return new Offer(item, this.feed.line, this.pulse, taken, (offer) => this.#takenCalls.lost(offer.item.conversation));
  }

  #call(item: ReadonlySignal<CallItem>): Call {
    const { line, welcome } = this.feed;
    const call = new Call(item, {
      line,
      pulse: this.pulse,
      own: this.#o.ownCalls,
      tab: computed(() => welcome.value?.connection),
      startLeg: (it, place) => this.#o.startLeg(it, line, place),
    });
    if (this.#takenCalls.answers(item.peek())) void call.answer(true); // tells its failure itself
    return call;
  }

  #cobrowse(item: ReadonlySignal<CobrowseItem>): Cobrowse {
    const here = computed(() => {
      const card = this.feed.view.get("card", item.value.conversation);
      return card === undefined || card.visitor === "here";
    });
    return new Cobrowse(item, this.feed.line, this.pulse, here, this.feed.transport);
  }

  #card(item: ReadonlySignal<CardItem>, calls: ReadonlySignal<readonly Call[]>, cobrowses: ReadonlySignal<readonly Cobrowse[]>): Card {
    const { conversation } = item.peek();
    return new Card({
      item,
      log: this.feed.log(conversation),
      drafts: this.#o.drafts,
      line: this.feed.line,
      pulse: this.pulse,
      call: computed(() => calls.value.find((c) => c.item.value.conversation === conversation)),
      cobrowse: computed(() => cobrowses.value.find((c) => c.item.value.conversation === conversation)),
      may: (right) => this.#may(right),
      longest: () => this.feed.welcome.value?.messageCharacters ?? Infinity,
      dialogs: this.dialogs,
      me: () => this.own.item.value?.agent,
      ownCalls: this.#o.ownCalls,
    });
  }
}
