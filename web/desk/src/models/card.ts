import { computed, signal, type ReadonlySignal } from "@preact/signals-core";
import type { Log } from "../../../shared/src/log.ts";
import type { AgentID, CallID, CardItem, ConversationID, Media, RequestID } from "../../../shared/src/protocol.gen.ts";
import { duration, words } from "../catalogue.ts";
import type { Call, OwnCalls } from "./call.ts";
import type { Cobrowse } from "./cobrowse.ts";
import { Composer, type Drafts } from "./composer.ts";
import type { Dialogs } from "./dialogs.ts";
import { sentence, type Line } from "./line.ts";
import type { Pulse } from "./pulse.ts";
import type { TeamVerb } from "./team.ts";

/** What a card is made of. */
export interface CardParts {
  readonly item: ReadonlySignal<CardItem>;
  readonly log: Log;
  readonly drafts: Drafts;
  readonly line: Line;
  readonly pulse: Pulse;
  readonly call: ReadonlySignal<Call | undefined>;
  readonly ownCalls: OwnCalls;
  readonly cobrowse: ReadonlySignal<Cobrowse | undefined>;
  readonly dialogs: Dialogs;
  /** Who the agent is; reads a signal. */
  readonly me: () => AgentID | undefined;
  /** The most characters that a message may have; reads a signal. */
  readonly longest: () => number;
  /** Whether this agent's role may start calls and co-browsing; reads signals. */
  readonly may: (right: "call.start" | "cobrowse.start") => boolean;
}

type OfConversation = "chat.park" | "chat.unpark" | "chat.end" | "chat.clear" | "cobrowse.ask";

/** A conversation that holds one of the agent's slots: what is shown of it, what can be done now, and the verbs. */
export class Card {
  readonly item: ReadonlySignal<CardItem>;
  readonly log: Log;
  readonly composer: Composer;
  readonly call: ReadonlySignal<Call | undefined>;
  readonly cobrowse: ReadonlySignal<Cobrowse | undefined>;
  /** What the last verb was refused for; empty when it was not. */
  readonly failure = signal("");
  readonly #busy = signal(false);
  readonly #p: CardParts;

  /** The visitor's name. */
  readonly visitor = computed(() => words.visitor(this.item.value.name, this.item.value.conversation));
  /** What the card is called: by the visitor; an enquiry says that it is one. */
  readonly name = computed(() => (this.consult.value ? words.team.consult(this.visitor.value) : this.visitor.value));
  /** Whether it is a side talk with a colleague, of which the visitor knows nothing (TEAM-3). */
  readonly consult = computed(() => this.item.value.kind === "consult");
  /** Whether the agent answers for it; a guest speaks in it only (TEAM-2). */
  readonly owns = computed(() => this.item.value.role !== "guest");
  /** Whether messages go both ways now. */
  readonly running = computed(() => this.item.value.state === "active" && this.item.value.slot !== "wrap_up");
  readonly parked = computed(() => this.item.value.slot === "parked");
  readonly wrapUp = computed(() => this.item.value.slot === "wrap_up");
  /** Messages of the visitor that this agent has not seen. */
  readonly unread = computed(() => this.log.unread.value);
  readonly typing = computed(() => this.running.value && this.log.typing.value !== undefined);
  /** Time since the accept. */
  readonly since = computed(() => duration(this.#p.pulse.now.value - this.item.value.started));
  /** Since the visitor's last message, while it is the agent's turn; empty when it is not (DESK-2). */
  readonly yourTurn = computed(() => {
    const turn = this.item.value.turnSince;
    return turn && this.running.value ? duration(this.#p.pulse.now.value - turn) : "";
  });
  /** Time left in wrap-up; empty outside of it and where it has no limit. */
  readonly wrapLeft = computed(() => {
    const until = this.item.value.wrapUntil;
    return this.wrapUp.value && until ? duration(until - this.#p.pulse.now.value + 999) : "";
  });

  /** What the agent has asked of colleagues and has not put away; of it nothing is shown once it was taken. */
  readonly request = computed(() => {
    const request = this.item.value.request;
    const told = request?.state === "open" || request?.state === "refused" || request?.state === "expired";
    return told && request.request !== this.#putAway.value ? request : undefined;
  });
  readonly #putAway = signal<RequestID | undefined>(undefined);
  readonly #asks = computed(() => this.item.value.request?.state === "open");
  /** Whether this agent has written since the conversation is his. */
  readonly #written = computed(() => {
    const { started } = this.item.value;
    return this.log.entries.value.some((e) => e.kind === "message" && e.at >= started && this.isMine(e.author));
  });
  /** "0:30" until the first reply is due, "0:00" from then on; empty while no timer runs, and once it was given (ROUTE-13). */
  readonly replyLeft = computed(() => {
    const due = this.item.value.replyDue;
    return due && this.running.value && !this.#written.value ? duration(due - this.#p.pulse.now.value + 999) : "";
  });

  /** Whether the verb has a place on this card at all: what the site or the server does not allow is not shown. */
  readonly shows = (verb: TeamVerb | "leave"): boolean => {
    const item = this.item.value;
    const known = this.#p.dialogs.can(`team.${verb}`) && item.role !== undefined && this.running.value && !this.consult.value;
    return known && (verb !== "transfer" || item.transfer === true);
  };
  readonly canAsk = (verb: TeamVerb): boolean => this.shows(verb) && !this.#asks.value && !this.#busy.value;
  readonly canCancelRequest = computed(() => this.#asks.value && !this.#busy.value);
  readonly canLeave = computed(() => this.shows("leave") && !this.#busy.value);
  /** An enquiry is ended by either side. */
  readonly canEndEnquiry = computed(() => this.consult.value && this.running.value && !this.#busy.value);
  readonly canWhy = computed(() => this.#p.dialogs.can("why") && this.item.value.role !== undefined && !this.consult.value);

  readonly canPark = computed(() => this.running.value && this.owns.value && !this.consult.value && !this.parked.value && !this.#busy.value);
  readonly canResume = computed(() => this.running.value && this.parked.value && !this.#busy.value);
  readonly canEnd = computed(() => this.running.value && this.owns.value && !this.consult.value && !this.#busy.value);
  readonly canClear = computed(() => this.wrapUp.value && !this.#busy.value);
  readonly canAudio = computed(() => this.#canCall("audio"));
  readonly canVideo = computed(() => this.#canCall("video"));
  readonly canCobrowse = computed(() => {
    const free = this.canPark.value && this.cobrowse.value === undefined;
    return free && this.item.value.cobrowse && this.#p.may("cobrowse.start");
  });

  constructor(parts: CardParts) {
    this.#p = parts;
    this.item = parts.item;
    this.log = parts.log;
    this.call = parts.call;
    this.cobrowse = parts.cobrowse;
    this.composer = new Composer(parts.log, parts.drafts, () => this.running.value && !this.parked.value, parts.longest);
  }

  get conversation(): ConversationID {
    return this.log.conversation;
  }

  park(): Promise<void> {
    return this.#run("chat.park");
  }

  resume(): Promise<void> {
    return this.#run("chat.unpark");
  }

  /** Ends the conversation for both sides; call and co-browsing end with it. */
  end(): Promise<void> {
    return this.#run("chat.end");
  }

  /** Frees the slot after wrap-up. */
  clear(): Promise<void> {
    return this.#run("chat.clear");
  }

  /** Opens the choice of whom to ask. */
  askTeam(verb: TeamVerb): void {
    this.#p.dialogs.team(verb, this);
  }

  /** Takes back what was asked of a colleague. */
  cancelRequest(): Promise<void> {
    const request = this.item.peek().request?.request;
    if (request === undefined) return Promise.resolve();
    return this.#try(() => this.#p.line.command("team.cancel", { request }));
  }

  /** The agent has read how the request ended. */
  putAwayRequest(): void {
    this.#putAway.value = this.item.peek().request?.request;
  }

  /** Leaves it to the others in it; where there is nobody else, asks first where it shall go (TEAM-2). */
  async leave(then?: "queue" | "end"): Promise<void> {
    const alone = (this.item.peek().agents?.length ?? 0) < 2;
    if (alone && then === undefined) {
      this.#p.dialogs.leave(this);
      return;
    }
    const { conversation } = this;
    await this.#try(() => this.#p.line.command("team.leave", then === undefined ? { conversation } : { conversation, then }));
  }

  /** Ends an enquiry: who asked ends it, who was asked leaves it, which ends it too. */
  endEnquiry(): Promise<void> {
    const { conversation } = this;
    return this.#try(() => (this.owns.peek() ? this.#p.line.command("chat.end", { conversation }) : this.#p.line.command("team.leave", { conversation })));
  }

  /** Opens what routing decided about it. */
  askWhy(): void {
    this.#p.dialogs.why(this.name.peek(), { conversation: this.conversation });
  }

  /** Whether this agent wrote it; other agents' words stand on the other side, under their name. */
  isMine(author: { readonly kind: string; readonly id?: string }): boolean {
    return author.kind !== "visitor" && (author.id === undefined || author.id === this.#p.me());
  }

  /** Asks the visitor for a call; once allowed it runs in this tab. */
  startCall(media: Media): Promise<void> {
    return this.#try(async () => {
      const { id } = await this.#p.line.command("call.ask", { conversation: this.conversation, media });
      if (id === undefined) return;
      this.#p.ownCalls.add(id as CallID);
      const call = this.call.value;
      if (call?.item.value.call === id) call.claim();
    });
  }

  /** Asks the visitor to share the page. */
  startCobrowse(): Promise<void> {
    return this.#run("cobrowse.ask");
  }

  /** The conversation has left the desk. The draft stays kept. */
  close(): void {
    this.composer.close();
  }

  #canCall(media: Media): boolean {
    const item = this.item.value;
    const allowed = media === "video" ? item.video : item.audio;
    return this.canPark.value && allowed && this.call.value === undefined && this.#p.may("call.start");
  }

  #run(kind: OfConversation): Promise<void> {
    return this.#try(() => this.#p.line.command(kind, { conversation: this.conversation }));
  }

  async #try(send: () => Promise<unknown>): Promise<void> {
    if (this.#busy.value) return;
    this.#busy.value = true;
    this.failure.value = "";
    try {
      await send();
    } catch (reason) {
      this.failure.value = sentence(reason);
    } finally {
      this.#busy.value = false;
    }
  }
}
