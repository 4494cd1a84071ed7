import { effect, signal, untracked, type ReadonlySignal } from "@preact/signals-core";
import { Connection, type AppFrame, type ConnectionOptions } from "./connection.ts";
import { Log } from "./log.ts";
import { lasting, type Kept } from "./outbox.ts";
import type { CobrowseID, ConversationID, PrincipalKind } from "./protocol.gen.ts";
import { View } from "./view.ts";

/** What a Session needs beside what its Connection does. */
export interface SessionOptions extends Omit<ConnectionOptions, "cursors" | "receive" | "forgotten"> {
  readonly side: PrincipalKind;
  /** Commands that an earlier page got no answer for. */
  readonly kept?: readonly Kept[];
  /** The server asks this page for a full snapshot (visitor). */
  readonly cobrowseSnapshot?: (cobrowse: CobrowseID) => void;
}

/** A Session joins one connection with what it feeds: the view, and a log for each conversation. */
export class Session {
  readonly connection: Connection;
  readonly view = new View();
  readonly #side: PrincipalKind;
  readonly #options: SessionOptions;
  readonly #logs = signal<ReadonlyMap<ConversationID, Log>>(new Map());

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#side = options.side;
    const { keep } = options;
    this.connection = new Connection({
      ...options,
      ...(keep ? { keep: (kept: Kept[]) => keep(kept.filter((k) => lasting.has(k.kind))) } : {}),
      cursors: () => [...this.#logs.value.values()].map((log) => ({ conversation: log.conversation, after: log.cursor() })),
      receive: (frame) => this.#receive(frame),
      forgotten: () => this.#logs.value.forEach((log) => log.forget()),
    });
    for (const kept of options.kept ?? []) this.#restore(kept);
    const stop = effect(() => {
      if (this.connection.state.value !== "live") return;
      untracked(() => this.#logs.value.forEach((log) => log.markAgain()));
    });
    options.signal.addEventListener("abort", stop, { once: true });
  }

  /** All logs there are, by conversation. */
  get logs(): ReadonlySignal<ReadonlyMap<ConversationID, Log>> {
    return this.#logs;
  }

  /** The log of a conversation, made when it is first asked for. */
  log(conversation: ConversationID): Log {
    const known = this.#logs.peek().get(conversation);
    if (known) return known;
    const { connection } = this;
    const log = new Log(conversation, {
      clock: this.#options.clock,
      side: this.#side,
      newOp: () => connection.op(),
      post: (text, op) => connection.command("chat.post", { conversation, text }, op),
      since: (after) => connection.command("chat.since", { conversation, after }),
      mark: (delivered, read) => connection.notice("chat.mark", { conversation, delivered, read }),
      typing: (typing) => void connection.notice("chat.typing", { conversation, typing }),
    });
    this.#logs.value = new Map(this.#logs.peek()).set(conversation, log);
    return log;
  }

  #restore(kept: Kept): void {
    if (kept.kind === "chat.post" && "text" in kept.body && "conversation" in kept.body) {
      return this.log(kept.body.conversation).restore(kept.op, kept.body.text);
    }
    // The page that asked is gone; what it led to shows in the view.
    this.connection.command(kept.kind, kept.body as never, kept.op).catch(() => undefined);
  }

  /** Takes one frame. A new kind does not compile until it is handled. */
  #receive(frame: AppFrame): void {
    switch (frame.kind) {
      case "chat.entries":
        return this.log(frame.body.conversation).take(frame.body);
      case "chat.marks":
        return this.log(frame.body.conversation).takeMarks(frame.body);
      case "chat.typing":
        return this.log(frame.body.conversation).takeTyping(frame.body);
      case "view.snapshot":
        this.view.replace(frame.body);
        return this.#knowLasts();
      case "view.patch":
        if (!this.view.patch(frame.body)) return this.connection.resume();
        return this.#knowLasts();
      case "cobrowse.snapshot":
        return this.#options.cobrowseSnapshot?.(frame.body.cobrowse);
      default:
        frame satisfies never;
    }
  }

  #knowLasts(): void {
    for (const it of this.view.items.peek().values()) {
      const head = it.card ?? it.conversation;
      if (!head) continue;
      const log = this.log(head.conversation);
      log.knowLast(head.last);
      log.knowRead(head.read);
    }
  }
}
