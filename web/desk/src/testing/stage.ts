import { signal, type Signal } from "@preact/signals-core";
import type { Clock } from "../../../shared/src/clock.ts";
import type { ConnectionState } from "../../../shared/src/connection.ts";
import { Log } from "../../../shared/src/log.ts";
import type {
  AgentItem,
  CallID,
  CallItem,
  CardItem,
  CobrowseItem,
  ConversationID,
  Item,
  OfferItem,
  Op,
  Permission,
  QueueItem,
  Targets,
  WaitingItem,
  Welcome,
  Why,
} from "../../../shared/src/protocol.gen.ts";
import { Refusal } from "../../../shared/src/refusal.ts";
import { View } from "../../../shared/src/view.ts";
import type { DeviceState, Leg, OwnCalls } from "../models/call.ts";
import { memoryDrafts, type Drafts } from "../models/composer.ts";
import { Desk, type Feed } from "../models/desk.ts";
import type { DialogsOutside } from "../models/dialogs.ts";
import type { Line } from "../models/line.ts";

/** Any text as an id of any kind. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the kind is what the caller wants
const id = <T extends string>(text: string) => text as T;

/** An offer at time 0 that rings out at 20 s. */
export function offer(name: string, conversation: string, changes: Partial<OfferItem> = {}): OfferItem {
  const ids = { offer: id<OfferItem["offer"]>(name), conversation: id<ConversationID>(conversation) };
  const rest = { medium: "chat", site: "Shop", queue: "Sales", first: "Hello", since: 0, waited: false, offered: 0, deadline: 20_000, rings: true };
  return { ...ids, ...rest, ...changes };
}

/** A running conversation, accepted at time 0, that may have call and co-browsing. */
export function card(conversation: string, changes: Partial<CardItem> = {}): CardItem {
  const can = { audio: true, video: true, cobrowse: true };
  const state = { slot: "active", state: "active", visitor: "here" } as const;
  const rest = { site: "Shop", queue: "Sales", started: 0, last: 0, read: 0 };
  return { conversation: id<ConversationID>(conversation), ...state, ...rest, ...can, ...changes };
}

/** A running video call that the agent asked for; `tab` is the connection that has the leg. */
export function call(name: string, conversation: string, { tab, ...changes }: Partial<Omit<CallItem, "tab">> & { tab?: string } = {}): CallItem {
  const ids = { call: id<CallID>(name), conversation: id<ConversationID>(conversation), ...(tab === undefined ? {} : { tab: id<NonNullable<CallItem["tab"]>>(tab) }) };
  return { ...ids, media: "video", state: "running", askedBy: "agent", askedByName: "Ann", ...changes };
}

/** A running co-browse session. */
export function cobrowse(name: string, conversation: string, more: Partial<CobrowseItem> = {}): CobrowseItem {
  const ids = { cobrowse: id<CobrowseItem["cobrowse"]>(name), conversation: id<ConversationID>(conversation) };
  return { ...ids, state: "running", agent: "Ann", watchers: 1, started: 0, ...more };
}

/** What stands in the view. */
export interface Scene {
  readonly agent?: Partial<AgentItem>;
  readonly offers?: readonly OfferItem[];
  readonly cards?: readonly CardItem[];
  readonly queues?: readonly QueueItem[];
  readonly waiting?: readonly WaitingItem[];
  readonly calls?: readonly CallItem[];
  readonly cobrowses?: readonly CobrowseItem[];
}

/** The items of a scene, by key. */
export function items(scene: Scene): Record<string, Item> {
  const agent: AgentItem = { agent: id("a1"), name: "Ann", declared: "ready", label: "ready", used: 0, total: 4, ...scene.agent };
  return Object.fromEntries<Item>([
    [`agent/${agent.agent}`, { agent }],
    ...(scene.offers ?? []).map((it): [string, Item] => [`offer/${it.offer}`, { offer: it }]),
    ...(scene.cards ?? []).map((it): [string, Item] => [`card/${it.conversation}`, { card: it }]),
    ...(scene.queues ?? []).map((it): [string, Item] => [`queue/${it.queue}`, { queue: it }]),
    ...(scene.waiting ?? []).map((it): [string, Item] => [`waiting/${it.conversation}`, { waiting: it }]),
    ...(scene.calls ?? []).map((it): [string, Item] => [`call/${it.call}`, { call: it }]),
    ...(scene.cobrowses ?? []).map((it): [string, Item] => [`cobrowse/${it.cobrowse}`, { cobrowse: it }]),
  ]);
}

/** A leg without media. */
export class PlayedLeg implements Leg {
  readonly state: Signal<"connecting" | "up" | "lost" | "ended"> = signal("up");
  readonly microphone: Signal<DeviceState> = signal("on");
  readonly camera: Signal<DeviceState> = signal("on");
  closed = false;

  setMicrophone(on: boolean): Promise<void> {
    this.microphone.value = on ? "on" : "off";
    return Promise.resolve();
  }

  setCamera(on: boolean): Promise<void> {
    this.camera.value = on ? "on" : "off";
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
  }
}

/** Time that stands until it is let pass. */
class HeldClock implements Clock {
  #now = 0;
  readonly #waiting: { at: number; run: () => void }[] = [];
  readonly now = () => this.#now;
  readonly random = () => 0.5;

  after(ms: number, run: () => void): () => void {
    const entry = { at: this.#now + ms, run };
    this.#waiting.push(entry);
    return () => {
      const at = this.#waiting.indexOf(entry);
      if (at >= 0) this.#waiting.splice(at, 1);
    };
  }

  pass(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#waiting.filter((w) => w.at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#now = next.at;
      next.run();
    }
    this.#now = until;
  }
}

class OwnCallSet implements OwnCalls {
  readonly #calls = new Set<CallID>();
  has = (call: CallID) => this.#calls.has(call);
  add = (call: CallID) => void this.#calls.add(call);
  delete = (call: CallID) => void this.#calls.delete(call);
}

/** A desk on a stage: a view that the test sets, a line that remembers what was sent, a clock that is held. */
export function stage(scene: Scene & { targets?: () => Promise<Targets>; why?: () => Promise<Why>; lacks?: DialogsOutside["lacks"]; permissions?: Permission[]; drafts?: Drafts; ownCalls?: OwnCalls; clock?: Clock }) {
  const held = new HeldClock();
  const clock = scene.clock ?? held;
  const view = new View();
  const posted: string[] = [];
  const sent: { kind: string; body: unknown; resolve: (answer: unknown) => void; reject: (reason: Error) => void }[] = [];
  const line = {
    command: (kind: string, body: unknown) => new Promise((resolve, reject) => sent.push({ kind, body, resolve, reject })),
  } as unknown as Line;
  const logs = new Map<ConversationID, Log>();
  let ops = 0;
  let failure: Refusal | undefined;
  const newLog = (conversation: ConversationID): Log =>
    new Log(conversation, {
      clock,
      side: "agent",
      newOp: () => id<Op>(`op-${String(ops++)}`),
      post: (text) => {
        posted.push(text);
        return failure === undefined ? new Promise(() => undefined) : Promise.reject(failure);
      },
      since: () => new Promise(() => undefined),
      mark: () => true,
      typing: () => undefined,
    });
  const log = (conversation: ConversationID): Log => {
    const known = logs.get(conversation) ?? newLog(conversation);
    logs.set(conversation, known);
    return known;
  };
  const permissions = scene.permissions ?? ["desk", "call.start", "cobrowse.start"];
  const welcome: Signal<Welcome | undefined> = signal({
    connection: id("n1"),
    secret: "",
    epoch: "1",
    you: { kind: "agent", name: "Ann" },
    permissions,
    ackTimeoutMs: 1500,
    now: clock.now(),
    dataChannels: true,
    messageCharacters: 4000,
  });
  const state: Signal<ConnectionState> = signal("live");
  const transport: Signal<"ws" | "dc" | undefined> = signal("dc");
  const feed: Feed = { line, view, log, state, transport, welcome };
  const legs: PlayedLeg[] = [];
  const drafts = scene.drafts ?? memoryDrafts();
  const ownCalls = scene.ownCalls ?? new OwnCallSet();
  const startLeg = (): Leg => {
    const leg = new PlayedLeg();
    legs.push(leg);
    return leg;
  };
  let version = 0;
  const set = (next: Scene) => view.replace({ version: ++version, items: items(next) });
  set(scene);
  let signedOut = 0;
  const insight = { targets: scene.targets ?? (() => new Promise<Targets>(() => undefined)), why: scene.why ?? (() => new Promise<Why>(() => undefined)) };
  const lacks = scene.lacks === undefined ? {} : { lacks: scene.lacks };
  const desk = new Desk(feed, { clock, drafts, ownCalls, startLeg, insight, ...lacks, signOut: () => signedOut++, signal: { aborted: false, addEventListener: () => undefined } });
  return {
    desk,
    view,
    log,
    state,
    transport,
    /** The server has another connection for this page: it had gone, and is back. */
    reconnected: (connection: string) => {
      if (welcome.value) welcome.value = { ...welcome.value, connection: id(connection) };
    },
    sent,
    posted,
    legs,
    drafts,
    ownCalls,
    signedOut: () => signedOut,
    set,
    pass: (ms: number) => held.pass(ms),
    /** Posts a message that is refused. */
    fail: (to: Log, message: string) => {
      failure = new Refusal({ code: "unavailable", message });
      to.post("Could you send me a picture of it?");
    },
    /** Answers the oldest command that waits. */
    answer: (ack: unknown) => sent.shift()?.resolve(ack),
    refuse: (reason: Error) => sent.shift()?.reject(reason),
    /** Lets what follows an answer happen. */
    settled: async () => {
      for (let i = 0; i < 10; i++) await Promise.resolve();
    },
  };
}
