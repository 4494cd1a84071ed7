import { signal, type ReadonlySignal } from "@preact/signals-core";
import { jittered, type Clock, type Lifetime } from "./clock.ts";
import { newOp } from "./op.ts";
import { Outbox, type Answer, type CommandKind, type Kept } from "./outbox.ts";
import { limits, type Commands, type Cursor, type DownFrame, type Failed, type Hello, type Op, type UpFrame, type Welcome } from "./protocol.gen.ts";
import { Refusal } from "./refusal.ts";
import type { Channel, DialChannels, DialSocket, Transport, TransportEvents } from "./transport.ts";

/** Where a connection stands. `offline` = not back after 10 s, still trying; `refused` = the server will not have us. */
export type ConnectionState = "idle" | "connecting" | "live" | "reconnecting" | "offline" | "refused" | "closed";

/** Frames for the app: everything but what the connection itself answers. */
export type AppFrame = Extract<DownFrame, { kind: `chat.${string}` | `view.${string}` | `cobrowse.${string}` }>;

type NoticeKind = "chat.typing" | "chat.mark" | "call.trickle" | "agent.used";
type BodyOf<K extends UpFrame["kind"]> = Extract<UpFrame, { kind: K }>["body"];

/** What a Connection needs. */
export interface ConnectionOptions {
  readonly clock: Clock;
  readonly dialSocket: DialSocket;
  /** Left out: the connection never climbs. */
  readonly dialChannels?: DialChannels | undefined;
  /** Who we are: a visitor's token, or nothing for an agent (the cookie tells). Asked at every hello. */
  readonly identity: () => Pick<Hello, "token">;
  /** How far the logs are read; asked at every hello and resume. */
  readonly cursors: () => Cursor[];
  /** Takes each frame for the app, in the order of arrival; repeats are possible after a switch. */
  readonly receive: (frame: AppFrame) => void;
  /** The server's record is another one than before (restored): drop the logs, keep the outbox (D12). */
  readonly forgotten?: () => void;
  readonly packet?: (channel: Channel, data: Uint8Array<ArrayBuffer>) => void;
  /** Told the commands without an answer whenever they change, to put them into storage. */
  readonly keep?: (kept: Kept[]) => void;
  /** Ends the connection: commands without an answer end by Closed. */
  readonly signal: Lifetime;
}

const helloTimeout = 8_000;
const silenceLimit = 25_000; // the server pings every 10 s
const nudgeSilence = 12_000;
const offlineAfter = 10_000;
const socketPatience = 4; // a socket may take this many times the ack timeout
const minBackoff = 300;
const maxBackoff = 10_000;
const minClimb = 2_000;
const maxClimb = 120_000;
const steady = 60_000; // DataChannels that lived this long make earlier failures forgotten
/** How many bytes a text has in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code > 0xffff ? 2 : code > 0x7ff ? 2 : code > 0x7f ? 1 : 0;
  }
  return bytes;
}

/** The server closed us for a reason that dialling again does not cure. */
const final: ReadonlySet<string> = new Set(["unauthenticated", "forbidden", "unknown_site", "origin_refused", "not_found"]);

interface Link {
  readonly transport: Transport;
  heard: number;
  ended: boolean;
}

/**
 * A Connection carries frames over the best way there is: a WebSocket at first, DataChannels after `climb`, a WebSocket
 * again when they fail. Commands are kept until answered and sent again over the next way, so a switch loses and repeats
 * nothing; what the server sends is asked again from the cursors on.
 */
export class Connection {
  readonly #o: ConnectionOptions;
  readonly #outbox: Outbox;
  readonly #state = signal<ConnectionState>("idle");
  readonly #transport = signal<"ws" | "dc" | undefined>(undefined);
  readonly #welcome = signal<Welcome | undefined>(undefined);
  readonly #refused = signal<Failed | undefined>(undefined);
  #primary: Link | undefined;
  #dialling: Link | undefined;
  #climbing: Link | undefined;
  #helloOp: Op | undefined;
  #resuming: { op: Op; link: Link; stop: () => void } | undefined;
  #wantChannels = false;
  #failures = 0;
  #climbFailures = 0;
  #since = 0;
  #away = false;
  #lostAt: number | undefined;
  #stopRetry: (() => void) | undefined;
  #stopClimb: (() => void) | undefined;
  #stopWatch: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#o = options;
    this.#outbox = new Outbox(options.clock, (k) => this.#sendCommand(k), () => options.keep?.(this.#outbox.kept));
    options.signal.addEventListener("abort", () => this.#close(), { once: true });
  }

  get state(): ReadonlySignal<ConnectionState> {
    return this.#state;
  }
  /** The way frames take now; undefined while there is none. */
  get transport(): ReadonlySignal<"ws" | "dc" | undefined> {
    return this.#transport;
  }
  /** What the server said at the last hello: who we are, our rights, its clock. */
  get welcome(): ReadonlySignal<Welcome | undefined> {
    return this.#welcome;
  }
  /** Why the state is `refused`. */
  get refused(): ReadonlySignal<Failed | undefined> {
    return this.#refused;
  }
  /** Commands without an answer, oldest first. */
  get kept(): Kept[] {
    return this.#outbox.kept;
  }

  /** Starts; or starts again after `refused`. Does nothing when it runs already. */
  connect(): void {
    const state = this.#state.value;
    if (state !== "idle" && state !== "refused") return;
    this.#refused.value = undefined;
    this.#state.value = "connecting";
    this.#lostAt = this.#o.clock.now();
    this.#dial();
  }

  /** From now on DataChannels are wanted: tried when live, and again with back-off after they failed. */
  climb(): void {
    this.#wantChannels = true;
    this.#tryClimb();
  }

  /** The page knows better (online again, visible again): a waiting retry is made now, a silent link is not trusted. */
  nudge(): void {
    if (this.#stopRetry) return this.#dial();
    const link = this.#primary;
    if (link && this.#o.clock.now() - link.heard > nudgeSilence) this.#lost(link);
  }

  /**
   * The page goes away: every way is closed now, so that the other side learns of it at once. What is not answered stays
   * kept. Only a page that comes back calls `back`.
   */
  leave(): void {
    if (this.#away || this.#state.value === "idle" || this.#state.value === "refused" || this.#state.value === "closed") return;
    this.#away = true;
    this.#endWays();
    this.#state.value = "reconnecting";
    this.#lostAt = this.#o.clock.now();
  }

  /** The page that went away was only put aside, and is back: connects again. Otherwise it does nothing. */
  back(): void {
    if (!this.#away) return;
    this.#away = false;
    this.#lostAt = this.#o.clock.now();
    this.#dial();
  }

  /** An op for a command that the caller wants to know before it is sent. */
  op(): Op {
    return newOp(this.#o.clock);
  }

  /**
   * Carries out a command once, however often it must be sent. Resolves with the server's answer; rejects with Refusal
   * or Closed. While there is no way to the server it waits. Commands to one conversation leave in the order of the calls.
   */
  command<K extends CommandKind>(kind: K, body: Commands[K], op: Op = this.op()): Promise<Answer<K>> {
    if (this.#state.value === "closed") return Promise.reject(new Refusal({ code: "unavailable", message: "The connection is closed." }));
    if (utf8Length(JSON.stringify({ kind, op, body })) > limits.upFrame) return Promise.reject(new Refusal({ code: "too_large", message: "This is too long to be sent. Send it in parts." }));
    const answer = this.#outbox.add({ op, kind, body }) as Promise<Answer<K>>;
    this.#watch();
    return answer;
  }

  /** Tells something that may be lost: false when there is no way to the server now. */
  notice<K extends NoticeKind>(kind: K, body: BodyOf<K>): boolean {
    if (!this.#primary) return false;
    this.#primary.transport.send(JSON.stringify({ kind, body }));
    return true;
  }

  /** Sends a packet; false when it could not be taken, and is lost. */
  packet(channel: Channel, data: Uint8Array<ArrayBuffer>): boolean {
    return this.#primary?.transport.sendPacket(channel, data) ?? false;
  }

  /** Bytes that wait to leave on a channel of the present way. */
  waiting(channel: Channel): number {
    return this.#primary?.transport.waiting(channel) ?? 0;
  }

  /** Asks for all after the cursors and for a fresh view. Asked again before the answer, it does nothing. */
  resume(): void {
    if (this.#primary && !this.#resuming) this.#resumeOn(this.#primary);
  }

  // -- dialling --

  #dial(): void {
    this.#stopRetry?.();
    this.#stopRetry = undefined;
    if (this.#dialling || this.#primary || this.#away || this.#o.signal.aborted) return;
    let stop = (): void => undefined;
    const link = this.#link(
      (events) => this.#o.dialSocket(events),
      (l) => {
        this.#helloOp = this.op();
        const w = this.#welcome.value;
        const body: Hello = { ...this.#o.identity(), cursors: this.#o.cursors() };
        if (w) Object.assign(body, { connection: w.connection, secret: w.secret });
        l.transport.send(JSON.stringify({ kind: "connection.hello", op: this.#helloOp, body }));
      },
      () => stop(),
    );
    this.#dialling = link;
    if (link.ended) return this.#lost(link);
    stop = this.#o.clock.after(helloTimeout, () => {
      if (this.#dialling === link) this.#lost(link);
    });
  }

  #link(dial: (events: TransportEvents) => Transport, opened: (link: Link) => void, ended: () => void): Link {
    const state: { link?: Link; early?: "open" | "closed" } = {};
    const events: TransportEvents = {
      open: () => {
        if (!state.link) state.early = "open";
        else if (!state.link.ended) opened(state.link);
      },
      text: (data) => state.link && !state.link.ended && this.#heard(state.link, data),
      packet: (channel, data) => {
        if (!state.link || state.link.ended) return;
        state.link.heard = this.#o.clock.now();
        this.#o.packet?.(channel, data);
      },
      closed: () => {
        ended();
        if (!state.link) state.early = "closed";
        else if (!state.link.ended) this.#lost(state.link);
      },
    };
    const link: Link = { transport: dial(events), heard: this.#o.clock.now(), ended: false };
    state.link = link;
    if (state.early === "open") opened(link);
    if (state.early === "closed") link.ended = true;
    return link;
  }

  #drop(link: Link): void {
    link.ended = true;
    link.transport.close();
  }

  /** A way has failed. What follows depends on which one it was. */
  #lost(link: Link): void {
    this.#drop(link);
    if (this.#resuming?.link === link) this.#endResume();
    if (link === this.#climbing) {
      this.#climbing = undefined;
      this.#climbFailures++;
      this.#outbox.flush();
      return this.#climbLater();
    }
    const primary = link === this.#primary;
    if (primary) this.#primary = undefined;
    if (link === this.#dialling) this.#dialling = undefined;
    if (this.#climbing) {
      this.#drop(this.#climbing);
      this.#climbing = undefined;
    }
    if (this.#state.value === "refused" || this.#state.value === "closed") return;
    this.#transport.value = undefined;
    this.#lostAt ??= this.#o.clock.now();
    if (this.#o.clock.now() - this.#lostAt >= offlineAfter) this.#state.value = "offline";
    else if (this.#state.value === "live") this.#state.value = "reconnecting";
    if (primary && link.transport.kind === "dc") {
      this.#climbFailures = this.#o.clock.now() - this.#since > steady ? 1 : this.#climbFailures + 1;
      return this.#dial();
    }
    const wait = jittered(this.#o.clock, Math.min(minBackoff * 2 ** this.#failures++, maxBackoff));
    this.#stopRetry?.();
    this.#stopRetry = this.#o.clock.after(wait, () => this.#dial());
  }

  #close(): void {
    this.#state.value = "closed";
    this.#endWays();
    this.#stopWatch?.();
    this.#outbox.close();
  }

  #endWays(): void {
    this.#transport.value = undefined;
    for (const stop of [this.#stopRetry, this.#stopClimb]) stop?.();
    this.#stopRetry = this.#stopClimb = undefined;
    this.#endResume();
    for (const link of [this.#primary, this.#dialling, this.#climbing]) if (link) this.#drop(link);
    this.#primary = this.#dialling = this.#climbing = undefined;
  }

  // -- climbing --

  #tryClimb(): void {
    const { dialChannels } = this.#o;
    const w = this.#welcome.value;
    if (!this.#wantChannels || this.#climbing || this.#stopClimb || !w?.dataChannels || !dialChannels) return;
    if (this.#primary?.transport.kind !== "ws") return;
    const link = this.#link(
      (events) => dialChannels(events, { connection: w.connection, secret: w.secret }),
      (l) => this.#climbing === l && this.#resumeOn(l),
      () => undefined,
    );
    this.#climbing = link;
    if (link.ended) this.#lost(link);
  }

  #climbLater(): void {
    if (this.#stopClimb) return; // a socket that comes and goes does not put it off
    const wait = jittered(this.#o.clock, Math.min(minClimb * 2 ** this.#climbFailures, maxClimb));
    this.#stopClimb = this.#o.clock.after(wait, () => {
      this.#stopClimb = undefined;
      this.#tryClimb();
    });
  }

  #resumeOn(link: Link): void {
    this.#endResume();
    const op = this.op();
    const wait = (this.#welcome.value?.ackTimeoutMs ?? 1500) * (link.transport.kind === "ws" ? socketPatience : 2);
    const stop = this.#o.clock.after(wait, () => this.#lost(link));
    this.#resuming = { op, link, stop };
    link.transport.send(JSON.stringify({ kind: "connection.resume", op, body: { cursors: this.#o.cursors() } }));
  }

  #endResume(): void {
    this.#resuming?.stop();
    this.#resuming = undefined;
  }

  #resumed(link: Link): void {
    this.#endResume();
    if (link !== this.#climbing) return;
    this.#climbing = undefined;
    const before = this.#primary;
    this.#settleOn(link);
    if (before) this.#drop(before);
    this.#outbox.resend();
  }

  #settleOn(link: Link): void {
    this.#primary = link;
    this.#since = this.#o.clock.now();
    this.#transport.value = link.transport.kind;
    this.#lostAt = undefined;
    this.#state.value = "live";
    this.#watch();
  }

  // -- frames --

  #sendCommand(kept: Kept): boolean {
    // While a new way takes over, commands wait for it: they keep their order.
    if (!this.#primary || (this.#resuming && this.#resuming.link === this.#climbing)) return false;
    this.#primary.transport.send(JSON.stringify({ kind: kept.kind, op: kept.op, body: kept.body }));
    return true;
  }

  #heard(link: Link, data: string): void {
    link.heard = this.#o.clock.now();
    let frame: DownFrame;
    try {
      frame = JSON.parse(data) as DownFrame;
    } catch {
      return; // not ours to judge: a gap shows itself by seq
    }
    switch (frame.kind) {
      case "connection.ping":
        return link.transport.send(JSON.stringify({ kind: "connection.pong", body: {} }));
      case "connection.welcome":
        return this.#welcomed(link, frame.body);
      case "connection.move": {
        const wait = jittered(this.#o.clock, frame.body.afterMs);
        this.#o.clock.after(wait, () => link.ended || this.#lost(link));
        return;
      }
      case "ack":
        if (frame.op && frame.op === this.#resuming?.op) return this.#resumed(link);
        if (frame.op) this.#outbox.settle(frame.op, frame.body);
        return;
      case "call.joined":
        if (frame.op) this.#outbox.settle(frame.op, frame.body);
        return;
      case "error":
        return this.#failed(link, frame.op, frame.body);
      default:
        this.#o.receive(frame);
        if (frame.op) this.#outbox.settle(frame.op, frame.body);
    }
  }

  #welcomed(link: Link, welcome: Welcome): void {
    if (link !== this.#dialling) return;
    this.#dialling = undefined;
    const before = this.#welcome.value;
    this.#welcome.value = welcome;
    this.#failures = 0;
    this.#settleOn(link);
    if (before && before.epoch !== welcome.epoch) {
      this.#o.forgotten?.();
      this.#resumeOn(link);
    }
    this.#outbox.resend();
    if (this.#climbFailures > 0 && this.#wantChannels) this.#climbLater();
    else this.#tryClimb();
  }

  #failed(link: Link, op: Op | undefined, failed: Failed): void {
    if (op && op === this.#resuming?.op) return this.#lost(link);
    if (op && op !== this.#helloOp) return this.#outbox.refuse(op, failed);
    if (link === this.#dialling && final.has(failed.code)) {
      this.#state.value = "refused";
      this.#refused.value = failed;
      this.#lost(link);
    } else if (link === this.#dialling) this.#lost(link);
  }

  /** Looks after the present way while commands wait, and slowly when none do. */
  #watch(): void {
    this.#stopWatch?.();
    const pending = this.#outbox.kept.length > 0;
    this.#stopWatch = this.#o.clock.after(pending ? 250 : 5_000, () => {
      const link = this.#primary;
      if (link) {
        const timeout = this.#welcome.value?.ackTimeoutMs || 1500;
        const patience = link.transport.kind === "ws" ? socketPatience : 1;
        const silent = this.#o.clock.now() - link.heard > silenceLimit;
        if (silent || this.#outbox.overdue(timeout * patience)) this.#lost(link);
      }
      if (!this.#o.signal.aborted) this.#watch();
    });
  }
}
