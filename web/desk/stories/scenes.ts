import type { AgentID, AgentItem, CardItem, ConversationID, Entry, EntryBody, EntryKind, QueueItem, RequestItem, Targets, WaitingItem, Why } from "../../shared/src/protocol.gen.ts";
import { call, card, cobrowse, offer, type Scene } from "../src/testing/stage.ts";

/** What a story shows: a scene, and the logs of its conversations. */
export interface Story {
  readonly scene: Scene;
  readonly logs?: Readonly<Record<string, readonly Entry[]>>;
  /** Conversations whose next message fails. */
  readonly failing?: boolean;
  /** Which dialog stands open. */
  readonly dialog?: "transfer" | "invite" | "enquire" | "leave" | "why";
}

const now = Date.now();
const ago = (seconds: number) => now - seconds * 1000;

function lines(...all: readonly [EntryKind, "visitor" | "agent" | "system", EntryBody][]): Entry[] {
  return all.map(([kind, side, body], i) => ({
    seq: i + 1,
    id: `e${String(i)}` as Entry["id"],
    kind,
    audience: kind === "offered" || kind === "offer_ended" ? "agents" : "all",
    author: { kind: side, name: side === "agent" ? "Ann" : "" },
    at: ago(400 - i * 20),
    body,
  }));
}

const talk = lines(
  ["message", "visitor", { text: "Hello! I would like to change the delivery address of my order, is that still possible?" }],
  ["asked", "system", { queue: "Sales" }],
  ["offered", "system", { name: "Ben" }],
  ["offer_ended", "system", { name: "Ben", cause: "rejected" }],
  ["joined", "system", { name: "Ann" }],
  ["message", "agent", { text: "Good morning, and welcome. Yes, it is: the parcel has not left our house yet." }],
  ["message", "visitor", { text: "Great.\nThe new one is:\n12 Harbour Street" }],
  ["message", "agent", { text: "Thank you, I have it." }],
  ["call_asked", "agent", { media: "video", by: "agent" }],
  ["call_refused", "visitor", { media: "video", by: "visitor", cause: "person" }],
  ["message", "agent", { text: "No problem, we go on here." }],
  ["message", "visitor", { text: "https://example.com/a/very/long/address/that/does/not/break/anywhere/and/goes/on/and/on/and/on/0123456789" }],
);

const queues: QueueItem[] = [
  { queue: "q1" as QueueItem["queue"], name: "Sales", waiting: 3, oldest: ago(177) },
  { queue: "q2" as QueueItem["queue"], name: "Repairs and spare parts", waiting: 0 },
];

const mine = (changes: Partial<CardItem> = {}) => card("c1", { name: "Maria Novak", verified: true, started: ago(312), turnSince: ago(42), last: 12, read: 11, ...changes });
const asks = offer("o1", "c9", {
  name: "Jonas Lind",
  since: ago(177),
  waited: true,
  offered: now,
  deadline: now + 20_000,
  form: { "Order number": "A-20931", Language: "English" },
  first: "My parcel came broken. What shall I do with it?",
});
const long = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaft Schäferinnen von und zu Hohenstein-Wittgenstein";

const agents = [
  { agent: "a1" as AgentID, name: "Ann", role: "owner" },
  { agent: "a2" as AgentID, name: "Ben", role: "guest" },
];
const owned = (changes: Partial<CardItem> = {}) => mine({ role: "owner", transfer: true, ...changes });
const asked = (changes: Partial<RequestItem> = {}): RequestItem => ({ request: "r1" as RequestItem["request"], kind: "transfer", to: "Ben", state: "open", ...changes });
const profiles = [{ key: "p1", name: "Everything" }, { key: "p2", name: "Sales only" }];
const ways: Partial<AgentItem> = { profiles, profile: "p1" as NonNullable<AgentItem["profile"]>, autoAllowed: true, autoAccept: true };
const returns: QueueItem = { queue: "q3" as QueueItem["queue"], name: "Returns", waiting: 3, oldest: ago(177), mode: "pull" };
const waits = (conversation: string, since: number, changes: Partial<WaitingItem> = {}): WaitingItem => ({
  conversation: conversation as ConversationID,
  queue: returns.queue,
  queueName: "Returns",
  first: "I would like to send the blue kettle back, it leaks at the lid. Where do I get the label?",
  since: ago(since),
  ...changes,
});

/** Whom the stories' agent can ask. */
export const targets: Targets = {
  conversation: "c1" as ConversationID,
  agents: [
    { agent: "a2" as AgentID, name: "Ben", label: "ready", used: 0, total: 4, able: true },
    { agent: "a3" as AgentID, name: "Clara Oduya", label: "busy", used: 2, total: 4, able: true },
    { agent: "a4" as AgentID, name: "Dmitri", label: "full", used: 4, total: 4, able: false, reason: "full" },
    { agent: "a5" as AgentID, name: "Elif", label: "not_ready", used: 0, total: 4, able: false, reason: "not_ready" },
  ],
  queues: [
    { queue: "q1" as QueueItem["queue"], name: "Repairs and spare parts", open: true, ready: 2, waiting: 3, lowMs: 240_000, highMs: 540_000, able: true },
    { queue: "q2" as QueueItem["queue"], name: "Night", open: false, ready: 0, waiting: 0, able: false, reason: "closed" },
  ],
};

/** What was decided about the stories' conversation. */
export const decided: Why = {
  conversation: "c1" as ConversationID,
  decisions: [
    {
      at: ago(312), what: "offered", queue: "Sales", chosen: "a1" as AgentID, chosenName: "Ann", rule: "load", position: 1, waited: 88_000, next: "rings_until", nextAt: ago(292),
      eligible: [{ agent: "a1" as AgentID, name: "Ann", load: 25 }, { agent: "a3" as AgentID, name: "Clara Oduya", load: 50 }],
      skipped: [{ agent: "a2" as AgentID, name: "Ben", reason: "excluded" }, { agent: "a4" as AgentID, name: "Dmitri", reason: "full", load: 100 }],
      more: { not_ready: 12 },
    },
    { at: ago(335), what: "offered", queue: "Sales", chosen: "a2" as AgentID, chosenName: "Ben", rule: "longest", position: 1, waited: 65_000, eligible: [{ agent: "a2" as AgentID, name: "Ben", load: 25 }] },
  ],
  queue: [{ at: ago(390), what: "nobody", queue: "Sales", position: 3, waited: 10_000, next: "slot_frees", skipped: [{ agent: "a4" as AgentID, name: "Dmitri", reason: "full", load: 100 }] }],
  offers: [
    { offer: "o2" as never, conversation: "c1" as ConversationID, kind: "offer", agent: "a1" as AgentID, name: "Ann", offered: ago(312), outcome: "accepted", ringMs: 4_200 },
    { offer: "o1" as never, conversation: "c1" as ConversationID, kind: "offer", agent: "a2" as AgentID, name: "Ben", offered: ago(335), outcome: "rejected", ringMs: 9_000 },
  ],
};

/** All stories, by the name in the address. */
export const stories: Readonly<Record<string, Story>> = {
  empty: { scene: { agent: { declared: "not_ready", label: "not_ready", reason: "break" }, queues } },
  ready: { scene: { queues } },
  one: { scene: { agent: { label: "busy", used: 1 }, cards: [mine()], queues }, logs: { c1: talk } },
  offer: { scene: { agent: { label: "busy", used: 1 }, cards: [mine()], offers: [asks], queues }, logs: { c1: talk } },
  full: {
    scene: {
      agent: { label: "full", used: 4, total: 4 },
      cards: [
        mine(),
        card("c2", { name: "Jonas Lind", started: ago(1200), visitor: "reconnecting" }),
        card("c3", { started: ago(4000), visitor: "away", slot: "parked" }),
        card("c4", { name: "Aiko Tanaka", slot: "wrap_up", state: "ended", started: ago(900), wrapUntil: now + 47_000 }),
      ],
      queues,
    },
    logs: { c1: talk, c2: talk.slice(0, 6), c3: talk.slice(0, 6), c4: talk },
  },
  wrap: {
    scene: { agent: { label: "wrap_up", used: 1 }, cards: [mine({ slot: "wrap_up", state: "ended", wrapUntil: now + 47_000 })], queues },
    logs: { c1: [...talk, ...lines(["ended", "visitor", { by: "visitor" }]).map((e) => ({ ...e, seq: 13 }))] },
  },
  long: {
    scene: {
      agent: { name: long, label: "busy", used: 1 },
      cards: [mine({ name: long, queue: long, site: long })],
      offers: [offer("o1", "c9", { name: long, queue: long, site: long, first: `${long} `.repeat(8), form: { [long]: long }, deadline: now + 20_000, offered: now })],
      queues: [{ ...queues[0], name: long } as QueueItem],
    },
    logs: { c1: talk },
  },
  failing: { scene: { agent: { declared: "not_ready", label: "not_ready", reason: "no_answer" }, cards: [mine()], queues: [] }, logs: { c1: talk }, failing: true },
  asking: { scene: { cards: [mine()], calls: [call("k1", "c1", { state: "asked" })], cobrowses: [{ ...cobrowse("b1", "c1"), state: "asked" }], queues }, logs: { c1: talk } },
  asked: { scene: { cards: [mine()], calls: [call("k1", "c1", { state: "asked", askedBy: "visitor", askedByName: "Maria Novak" })], queues }, logs: { c1: talk } },
  call: {
    scene: {
      cards: [mine()],
      calls: [
        call("own", "c1", {
          started: ago(65),
          parties: [
            { ordinal: 0, side: "agent", name: "Ann", you: true, here: true, audio: true, video: true },
            { ordinal: 1, side: "visitor", name: "Maria Novak", here: true, audio: false, video: false },
          ],
        }),
      ],
      queues,
    },
    logs: { c1: talk },
  },
  page: { scene: { cards: [mine()], cobrowses: [cobrowse("b1", "c1")], queues }, logs: { c1: talk } },
  transferring: { scene: { agent: { label: "busy", used: 1 }, cards: [owned()], queues }, logs: { c1: talk }, dialog: "transfer" },
  enquiring: { scene: { cards: [owned()], queues }, logs: { c1: talk }, dialog: "enquire" },
  leaving: { scene: { cards: [owned()], queues }, logs: { c1: talk }, dialog: "leave" },
  why: { scene: { cards: [owned()], queues }, logs: { c1: talk }, dialog: "why" },
  requested: { scene: { cards: [owned({ agents, request: asked() })], queues }, logs: { c1: talk } },
  refused: { scene: { cards: [owned({ over: true, replyDue: now + 47_000, request: asked({ state: "refused", cause: "busy" }) })], queues }, logs: { c1: talk } },
  guest: {
    scene: { cards: [owned({ role: "guest", transfer: false, agents: [{ ...agents[1], name: "Ben", agent: "a2" as AgentID, role: "owner" }, { agent: "a1" as AgentID, name: "Ann", role: "guest" }] })], queues },
    logs: { c1: talk.map((e) => (e.author.kind === "agent" ? { ...e, author: { kind: "agent", id: "a2", name: "Ben" } } : e)) },
  },
  enquiry: {
    scene: { cards: [owned({ waitsForOwner: true }), card("c2", { started: ago(30), kind: "consult", role: "asker", name: "Maria Novak", parent: "c1" as ConversationID })], queues },
    logs: { c1: talk, c2: talk.slice(5, 8).map((e, i) => ({ ...e, seq: i + 1, author: i === 1 ? { kind: "agent", id: "a2", name: "Ben" } : { kind: "agent", id: "a1", name: "Ann" } })) },
  },
  waiting: {
    scene: {
      agent: { ...ways, label: "busy", used: 1 },
      cards: [mine()],
      queues: [{ ...queues[0], delayed: true, allAsked: true } as QueueItem, { ...queues[1], bare: true, waiting: 1, oldest: ago(20) } as QueueItem, returns],
      waiting: [waits("c7", 177, { name: "Jonas Lind", head: true, verified: true }), waits("c8", 65), waits("c9", 12, { name: long, first: "Broken." })],
    },
    logs: { c1: talk },
  },
  handed: {
    scene: {
      agent: { ...ways, declared: "pending_not_ready", pending: true, label: "busy", used: 1 },
      cards: [mine()],
      offers: [
        { ...asks, kind: "transfer", from: "Ben", note: "He has the order number, and wants a new kettle rather than the money.", lastAgent: "Ann", waited: false },
        offer("o2", "c8", { kind: "all", takenBy: "Clara", name: "Aiko Tanaka", offered: now, deadline: now + 20_000 }),
      ],
      queues,
    },
    logs: { c1: talk },
  },
};
