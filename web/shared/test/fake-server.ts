import type {
  Ack,
  ConversationID,
  Credentials,
  Cursor,
  DownFrame,
  Entry,
  Failed,
  Item,
  Op,
  Transport,
  TransportEvents,
  UpFrame,
} from "../src/index.ts";
import type { FakeClock } from "./fake-clock.ts";

/** How often a link misbehaves, in [0, 1]. Loss of a frame closes the link a little later, as it does in the world. */
export interface Faults {
  readonly cut: number;
  readonly duplicate: number;
  readonly dropHint: number;
  readonly reorder: number;
}

export const noFaults: Faults = { cut: 0, duplicate: 0, dropHint: 0, reorder: 0 };

/** One end of a fake transport at the server. */
export interface ServerLink {
  readonly kind: "ws" | "dc";
  open: boolean;
  silent: boolean;
  events: TransportEvents;
}

/** A server that keeps a record as the real one does: an op once, seqs dense, entries after a cursor. */
export class FakeServer {
  readonly #clock: FakeClock;
  faults: Faults = noFaults;
  epoch = "epoch-1";
  accept = true;
  acceptChannels = true;
  dataChannels = true;
  readonly entries = new Map<ConversationID, Entry[]>();
  readonly ops = new Map<Op, Ack>();
  /** Every frame that came, with the transport it came by. */
  readonly heard: { via: "ws" | "dc"; frame: UpFrame }[] = [];
  readonly links: ServerLink[] = [];
  readonly refusals = new Map<string, { code: "too_large" | "unavailable"; retry: boolean; times: number }>();
  /** Commands of these kinds are refused. */
  readonly refusedKinds = new Map<string, Failed>();
  /** What a kind is acknowledged with; nothing where it is not here. */
  readonly acks = new Map<string, Ack>();
  items: Record<string, Item> = {};
  version = 1;
  packets = 0;
  /** Nothing that is sent leaves the clients. */
  full = false;
  #primary: ServerLink | undefined;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  dialSocket = (events: TransportEvents): Transport => this.#dial("ws", events, this.accept);
  dialChannels = (events: TransportEvents, credentials: Credentials): Transport => {
    if (credentials.secret !== "secret") throw new Error("wrong secret");
    return this.#dial("dc", events, this.acceptChannels);
  };

  get primary(): ServerLink | undefined {
    return this.#primary?.open ? this.#primary : undefined;
  }

  #dial(kind: "ws" | "dc", events: TransportEvents, accept: boolean): Transport {
    const link: ServerLink = { kind, open: accept, silent: false, events };
    this.links.push(link);
    const ping = (): void => {
      if (!link.open) return;
      if (!link.silent && this.#primary === link) link.events.text(JSON.stringify({ kind: "connection.ping", body: {} }));
      this.#clock.after(10_000, ping);
    };
    this.#clock.after(10_000, ping);
    this.#clock.after(kind === "ws" ? 5 : 60, () => (link.open ? events.open() : events.closed()));
    return {
      kind,
      send: (data) => {
        if (!link.open) return;
        this.#clock.after(2 + this.#clock.random() * 10, () => link.open && !link.silent && this.#hear(link, JSON.parse(data) as UpFrame));
      },
      sendPacket: () => (link.open ? ((this.packets += 1), true) : false),
      waiting: () => (this.full ? Infinity : 0),
      close: () => {
        link.open = false;
      },
    };
  }

  /** Cuts a link: both ends learn of it. */
  cut(link: ServerLink): void {
    if (!link.open) return;
    link.open = false;
    link.events.closed();
  }

  /** Stores an entry of the other side and pushes it. */
  say(conversation: ConversationID, text: string, author: "agent" | "visitor" = "agent", op?: Op): Entry {
    const log = this.entries.get(conversation) ?? [];
    this.entries.set(conversation, log);
    const entry: Entry = {
      seq: log.length + 1,
      id: `entry-${conversation}-${log.length + 1}` as Entry["id"],
      kind: "message",
      audience: "all",
      author: { kind: author, name: author },
      at: this.#clock.now(),
      body: { text },
      ...(op ? { op } : {}),
    };
    log.push(entry);
    if (this.#primary && !this.#chance(this.faults.dropHint)) this.#push(this.#primary, conversation, log.length - 1);
    return entry;
  }

  /** Changes the view and sends the patch. */
  set(key: string, item: Item): void {
    this.items = { ...this.items, [key]: item };
    const from = this.version++;
    if (this.#primary) this.send(this.#primary, { kind: "view.patch", body: { from, version: this.version, set: { [key]: item } } });
  }

  #push(link: ServerLink, conversation: ConversationID, after: number): void {
    const log = this.entries.get(conversation) ?? [];
    this.send(link, { kind: "chat.entries", body: { conversation, entries: log.slice(after), last: log.length } });
  }

  #chance(p: number): boolean {
    return p > 0 && this.#clock.random() < p;
  }

  /** Sends a frame, with the faults of the way. */
  send(link: ServerLink, frame: DownFrame): void {
    if (link.silent) return;
    const deliver = (): void => {
      if (link.open) link.events.text(JSON.stringify(frame));
    };
    if (this.#chance(this.faults.cut)) {
      this.#clock.after(this.#clock.random() * 50, () => this.cut(link));
      return; // lost with the link
    }
    const late = this.#chance(this.faults.reorder) ? this.#clock.random() * 200 : 0;
    this.#clock.after(3 + late, deliver);
    if (this.#chance(this.faults.duplicate)) this.#clock.after(5 + late + this.#clock.random() * 100, deliver);
  }

  #hear(link: ServerLink, frame: UpFrame): void {
    this.heard.push({ via: link.kind, frame });
    const failed = this.refusedKinds.get(frame.kind);
    if (failed && frame.op) return this.send(link, { kind: "error", op: frame.op, body: failed });
    switch (frame.kind) {
      case "connection.hello":
        this.#primary = link;
        this.send(link, {
          kind: "connection.welcome",
          op: frame.op,
          body: { connection: "c-1" as never, secret: "secret", epoch: this.epoch, you: { kind: "visitor" }, ackTimeoutMs: 1500, now: 0, dataChannels: this.dataChannels, messageCharacters: 4000 },
        });
        return this.#catchUp(link, frame.body.cursors ?? []);
      case "connection.resume":
        this.#primary = link;
        this.send(link, { kind: "ack", op: frame.op, body: {} });
        return this.#catchUp(link, frame.body.cursors ?? []);
      case "chat.post":
        return this.#post(link, frame.op, frame.body.conversation, frame.body.text);
      case "chat.since": {
        const log = this.entries.get(frame.body.conversation) ?? [];
        return this.send(link, {
          kind: "chat.entries",
          op: frame.op,
          body: { conversation: frame.body.conversation, entries: log.slice(frame.body.after), last: log.length },
        });
      }
      default:
        if (frame.op) this.send(link, { kind: "ack", op: frame.op, body: this.acks.get(frame.kind) ?? {} });
    }
  }

  #catchUp(link: ServerLink, cursors: readonly Cursor[]): void {
    for (const { conversation, after } of cursors) this.#push(link, conversation, after);
    this.send(link, { kind: "view.snapshot", body: { version: this.version, items: this.items } });
  }

  #post(link: ServerLink, op: Op, conversation: ConversationID, text: string): void {
    const refusal = this.refusals.get(text);
    if (refusal && refusal.times-- > 0) {
      return this.send(link, { kind: "error", op, body: { code: refusal.code, message: "Not now.", retry: refusal.retry } });
    }
    const known = this.ops.get(op);
    if (known) return this.send(link, { kind: "ack", op, body: known });
    const entry = this.say(conversation, text, "visitor", op);
    const ack: Ack = { conversation, seq: entry.seq, id: entry.id };
    this.ops.set(op, ack);
    this.send(link, { kind: "ack", op, body: ack });
  }
}
