import type { CardItem, Entry, EntryBody, EntryKind, QueueItem } from "../../shared/src/protocol.gen.ts";
import { call, card, cobrowse, offer, type Scene } from "../src/testing/stage.ts";

/** What a story shows: a scene, and the logs of its conversations. */
export interface Story {
  readonly scene: Scene;
  readonly logs?: Readonly<Record<string, readonly Entry[]>>;
  /** Conversations whose next message fails. */
  readonly failing?: boolean;
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
};
