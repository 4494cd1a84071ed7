import { batch, computed, effect, signal, untracked } from "@preact/signals";
import {
  Closed,
  Composer,
  isBlank,
  Session,
  type ConversationID,
  type ConversationItem,
  type Log,
  type Media,
  type Op,
  type SiteItem,
} from "../../../shared/src/index.ts";
import type { ToPanel } from "../port.ts";
import { strings } from "../strings.ts";
import { whoOf } from "../who.ts";
import type { Bootstrap } from "./bootstrap.ts";
import { CallModel } from "./call-model.ts";
import { FirstMessage, isAsk } from "./first-message.ts";
import { Leaving } from "./leaving.ts";
import { MessageModel } from "./message-model.ts";
import { PageSteps } from "./page-steps.ts";
import { ended, type PanelPorts, type Phase } from "./panel-ports.ts";
import { SharingModel } from "./sharing-model.ts";
import { SiteStatus } from "./site-status.ts";
import { HostPlace } from "./visitor-store.ts";
import { WaitingModel } from "./waiting-model.ts";
import { WantedCall } from "./wanted-call.ts";

/** The visitor's side of it all: who we are, the conversation, and what may be done now. */
export class PanelModel {
  readonly bootstrap: Bootstrap;
  readonly #ports: PanelPorts;
  readonly #session = signal<Session | undefined>(undefined);
  /** Milliseconds by which the server's clock is ahead of ours, as its last welcome said. */
  #ahead = 0;
  readonly #dismissed = signal<string | undefined>(undefined);
  readonly #calls = signal<CallModel | undefined>(undefined);
  readonly #sharing = signal<SharingModel | undefined>(undefined);
  readonly #own: PageSteps;
  readonly #identity = signal<string | undefined>(undefined);
  /** When the site has logged out last, as the page told. */
  #out = 0;
  readonly #leaving: Leaving;
  readonly #host: HostPlace;
  /** The visitor is another tab's: what is in the boxes may be of whoever was here before. */
  #others = false;
  /** The person, as whoOf tells, whose words are in the boxes; undefined while nobody was named. */
  #person: string | undefined;
  /** The token that was made last for this tab. */
  #made: string | undefined;
  #life = new AbortController();
  #talk: AbortController | undefined;

  readonly shown = signal(false);
  readonly pageVisible = signal(true);
  /** Count how often the page gave the panel the keyboard, and how often what had it here has gone: it goes to the message box. */
  readonly focusGiven = signal(0);
  readonly focusAsked = signal(0);
  readonly name = signal("");
  /** The browser can have calls. */
  readonly ableToCall: boolean;
  /** The page says who the visitor is. */
  readonly identified = computed(() => this.#identity.value !== undefined);
  /** A sentence about the first message that could not be sent. */
  readonly trouble = signal<string | undefined>(undefined);
  /** Asks once before the chat is ended. */
  readonly confirmEnd = signal(false);
  readonly composer = new Composer((text) => this.#send(text), () => this.bootstrap.limits.messageCharacters);

  readonly conversation = computed<ConversationItem | undefined>(() => {
    const newest = this.#session.value?.view.all("conversation").at(-1);
    return newest && newest.conversation === this.#dismissed.value && ended(newest) ? undefined : newest;
  });
  readonly phase = computed<Phase>(() => {
    if (this.#first.underway.value) return "asking";
    const session = this.#session.value;
    if (session && !session.view.loaded.value && session.connection.state.value !== "refused") return "loading";
    const it = this.conversation.value;
    if (!it) return "first";
    return ended(it) ? "ended" : it.state === "queued" ? "waiting" : "active";
  });
  readonly log = computed<Log | undefined>(() => {
    const it = this.conversation.value;
    return it && this.#session.value?.log(it.conversation);
  });
  /** The first message, while it does not stand in the log. */
  readonly first = computed(() => this.#first.text.value);
  /** What was said after it, while it waits for it. */
  readonly next = computed(() => this.#first.next.value);
  readonly connection = computed(() => this.#session.value?.connection.state.value ?? "idle");
  /** What was heard last of the site, from the connection or asked for while nothing runs. */
  readonly site = signal<SiteItem | undefined>(undefined);
  readonly calls = computed(() => this.#calls.value);
  readonly sharing = computed(() => this.#sharing.value);
  readonly seen = computed(() => this.shown.value && this.pageVisible.value);
  readonly waiting = new WaitingModel(this.conversation);
  readonly #wantedCall: WantedCall;
  readonly #first: FirstMessage;
  readonly message = new MessageModel({
    phase: this.phase,
    site: this.site,
    conversation: this.conversation,
    composer: this.composer,
    name: this.name,
    leave: async (body) => (await this.#visitor()).connection.command("chat.leave_message", body),
    focus: () => this.focusAsked.value++,
  });
  /** Whether a conversation can begin with a call: there is none yet, and one can be had. */
  readonly canAskCall = computed(() => this.phase.value === "first" && this.message.reason.value === undefined && !this.message.left.value && this.composer.over.value === 0);
  /** The conversation ended as a message that is kept. */
  readonly kept = computed(() => this.message.left.value || this.log.value?.entries.value.findLast((e) => e.kind !== "message")?.kind === "missed");

  constructor(ports: PanelPorts) {
    this.#ports = ports;
    this.bootstrap = ports.bootstrap;
    this.#host = new HostPlace(ports.tell);
    this.#own = new PageSteps(ports.tell);
    this.#wantedCall = new WantedCall({ conversation: this.conversation, calls: this.#calls, own: this.#own });
    this.#leaving = new Leaving({ ...ports, done: () => ports.tell({ kind: "forgotten", out: this.#out }) });
    const { composer, name, trouble, conversation, log, message } = this;
    this.#first = new FirstMessage({
      ...{ ...ports, composer, name, trouble, conversation, log },
      session: this.#session,
      visitor: () => this.#visitor(),
      wanted: (id) => this.#wantedCall.remember(id),
      refused: (reason) => message.refused(reason),
    });
    this.ableToCall = ports.newLeg !== undefined;
    effect(() => {
      const [phase] = [this.phase.value, this.#session.value]; // of another visitor it is told again
      this.#tellAlive(phase);
    });
    const inCall = computed(() => this.#calls.value?.leg.value !== undefined);
    effect(() => ports.tell({ kind: "call", live: inCall.value }));
    effect(() => ports.tell({ kind: "unread", count: this.seen.value ? 0 : (this.log.value?.unread.value ?? 0) }));
    effect(() => {
      const log = this.log.value;
      if (log && this.seen.value && log.entries.value.length > 0) log.markRead();
    });
    const current = computed(() => this.conversation.value?.conversation);
    effect(() => {
      const conversation = current.value;
      untracked(() => this.#talkAbout(conversation));
    });
    effect(() => {
      const live = this.phase.value === "waiting" || this.phase.value === "active";
      if (live && this.connection.value === "live") this.#session.value?.connection.climb();
    });
    effect(() => {
      // A token that is not known any more (a cleared server): begin anew, keeping what was typed.
      if (this.#session.value?.connection.refused.value?.code === "unauthenticated") queueMicrotask(() => this.#forget());
    });
    effect(() => {
      const welcome = this.#session.value?.connection.welcome.value;
      if (welcome) this.#ahead = welcome.now - ports.clock.now();
    });
    effect(() => {
      const heard = this.#session.value?.view.all("site")[0];
      if (heard) this.site.value = heard;
    });
    const status = new SiteStatus({ ...ports, site: this.bootstrap.site, heard: (site) => (this.site.value = site) });
    const idle = computed(() => this.phase.value === "first" && this.shown.value);
    effect(() => status.watch(idle.value));
  }

  /** Takes a message that was refused back into the box. */
  takeBack(op: Op): void {
    const text = this.log.peek()?.takeBack(op);
    if (text !== undefined) this.composer.putBack(text);
    this.focusAsked.value++;
  }

  /** What the host page says. */
  hear(message: ToPanel): void {
    switch (message.kind) {
      case "begin":
        if (message.focus) this.focusGiven.value++;
        this.#hearOwn(message.own ?? []);
        return this.#begin(message);
      case "own":
        return this.#hearOwn(message.ids);
      case "kept":
        this.#host.hear(message.kept, message.n);
        return this.storedElsewhere();
      case "shown":
        this.shown.value = message.open;
        if (message.focus) this.focusGiven.value++;
        return;
      case "identify":
        this.#identity.value = message.identity;
        this.#named(whoOf(message.identity));
        this.#claim();
        return this.#session.peek() && this.#tellAlive(this.phase.peek()); // the page may have lost who is there
      case "reset":
        return this.#logOut(message.out ?? Math.max(this.#ports.clock.now(), this.#out + 1), message.here ?? message.out === undefined);
      case "packet":
        return this.#sharing.peek()?.packet(message.data);
      case "cobrowse-stop":
        void this.#sharing.peek()?.stop(); // the view shows what came of it
        return;
      case "cobrowse-failed":
        void this.#sharing.peek()?.cannot(); // as above
        return;
      default:
        message satisfies never;
    }
  }

  /** The page is in front again, or online again. */
  nudge(): void {
    this.#session.peek()?.connection.nudge();
    this.#leaving.go(true);
    if (this.pageVisible.peek()) this.#sharing.peek()?.shown();
  }

  /** The page goes away, or the browser that had put it aside shows it again: the agent is to know at once. */
  away(gone: boolean): void {
    const connection = this.#session.peek()?.connection;
    if (gone) return connection?.leave();
    this.storedElsewhere();
    this.#session.peek()?.connection.back();
  }

  /** Another tab may have become a visitor, which this one then is too, or have ended the one that both were. */
  storedElsewhere(): void {
    const { store } = this.#ports;
    const before = store.state.token;
    this.#named(store.state.who);
    store.refresh();
    const { token, dismissed } = store.state;
    if (token === before) return;
    if (before !== undefined) {
      if (!store.left.includes(before)) this.#putBack(); // not after a log-out: they go with whose they were
      this.#leaveVisitor();
      if (token !== undefined && before === this.#made) this.#leaving.end(before); // another tab was quicker: nobody has this one
    }
    this.#others = true;
    this.#dismissed.value = dismissed;
    this.#connect();
  }

  #hearOwn(ids: readonly string[]): void {
    this.#own.hear(ids);
    this.#calls.peek()?.claimed();
  }

  #begin({ open, kept, identity, who, out, forget }: Extract<ToPanel, { kind: "begin" }>): void {
    const { store, ownPlace, bootstrap, tell, clock } = this.#ports;
    this.#out = out ?? (forget ? clock.now() : 0);
    this.#identity.value = identity ?? undefined;
    this.#host.hear(kept);
    if (ownPlace) store.use(ownPlace, this.#out);
    else if (bootstrap.hostStorage) store.use(this.#host, this.#out);
    this.#leaving.go();
    this.shown.value = open;
    this.#dismissed.value = store.state.dismissed;
    if (bootstrap.color) tell({ kind: "look", color: bootstrap.color });
    if (!this.#session.peek()) this.#connect();
    this.#claim(who ?? undefined);
    this.#tellAlive(this.phase.peek());
  }

  /** Words of somebody who was known by name are shown to nobody else. */
  #named(who: string | undefined): void {
    if (who === undefined || who === this.#person) return;
    if (this.#person !== undefined) this.#emptyBoxes();
    this.#person = who;
  }

  #emptyBoxes(): void {
    this.#others = this.confirmEnd.value = false;
    this.trouble.value = this.#person = undefined;
    this.composer.draft.value = this.name.value = this.message.email.value = "";
  }

  /** Who began unnamed is from now on the person whom the site names: nobody else it names reads that. */
  #claim(named?: string): void {
    const { store } = this.#ports;
    const identity = this.#identity.peek();
    const who = (identity === undefined ? undefined : whoOf(identity)) ?? named;
    if (who === undefined || store.state.token === undefined || store.state.who !== undefined) return;
    store.change({ who });
    this.#named(who);
    this.#tellAlive(this.phase.peek());
  }

  #connect(): void {
    const { token, kept, who } = this.#ports.store.state;
    if (!token) return;
    this.#named(who);
    const session = new Session({
      clock: this.#ports.clock,
      ...this.#ports.transports,
      side: "visitor",
      signal: this.#life.signal,
      identity: () => ({ token }),
      kept: kept.filter((one) => !isAsk(one)),
      keep: (now) => this.#first.keep(now),
      packet: () => undefined,
      cobrowseSnapshot: () => this.#sharing.peek()?.snapshot(),
    });
    this.#session.value = session;
    session.connection.connect();
    void this.#first.again(session, kept); // told by `trouble`
  }

  /**
   * The site's log-out: nothing of this visitor stays, here or at the server. One who was made since, and another tab's, goes
   * on; the words in the boxes, unless that one was made here, and the signed identity are of whoever was here before.
   */
  #logOut(out: number, here: boolean): void {
    if (out <= this.#out && !here) return;
    this.#out = Math.max(out, this.#out);
    const { store } = this.#ports;
    const before = store.state.token;
    store.logOut(out, here);
    const { token, dismissed } = store.state;
    const gone = before === undefined || token !== before;
    if (gone) this.#leaveVisitor();
    this.#identity.value = undefined;
    if (gone || this.#others) this.#emptyBoxes();
    this.#leaving.go();
    this.#dismissed.value = dismissed;
    if (!this.#session.peek()) this.#connect();
  }

  /** Ends this visitor here; what was typed stays. */
  #forget(): void {
    this.#named(this.#ports.store.state.who);
    this.#putBack();
    this.#ports.store.clear();
    this.#leaveVisitor();
  }

  /** What was said here and nobody has read stands in the box again. */
  #putBack(): void {
    const posts = [...(this.#session.peek()?.logs.peek().values() ?? [])].flatMap((log) => log.pending.peek());
    const unsent = posts.flatMap(({ state, text }) => (state === "stored" ? [] : [text]));
    this.composer.putBack(...this.#first.unsent, ...unsent);
  }

  #leaveVisitor(): void {
    this.#talkAbout(undefined);
    this.#life.abort();
    this.#life = new AbortController();
    batch(() => {
      this.#session.value = undefined;
      this.#first.clear();
      this.#dismissed.value = undefined;
      this.message.clear();
    });
  }

  async #send(text: string): Promise<void> {
    const phase = this.phase.peek();
    if (phase === "asking") return this.#first.add(text);
    const log = this.log.peek();
    if (log && phase !== "ended") return log.post(text);
    await this.#first.ask(text);
  }

  /** Asks for somebody to call with. What is typed goes along; without a word it says what is wanted. */
  async askCall(media: Media): Promise<void> {
    if (!this.canAskCall.peek()) return;
    const typed = this.composer.draft.peek();
    this.composer.draft.value = "";
    try {
      await this.#first.ask(isBlank(typed) ? strings.callWanted(media === "video") : typed.trim(), media);
      this.focusAsked.value++; // the button is gone
    } catch (reason) {
      if (!isBlank(typed) && !(reason instanceof Closed)) this.composer.putBack(typed); // told by `trouble`
    }
  }

  /** The session of the visitor, who is made if there is none. Rejects with Refusal, TypeError without a network, or Closed. */
  async #visitor(): Promise<Session> {
    if (!this.#session.peek()) this.storedElsewhere();
    if (!this.#session.peek()) {
      const identity = this.#identity.peek();
      const making = this.#ports.rest.newVisitor(this.bootstrap.site, this.name.peek().trim(), identity);
      const token = await this.#leaving.unlessOver(this.#life.signal, making);
      this.storedElsewhere(); // another tab may have been quicker: then both are that one
      if (this.#session.peek()) this.#leaving.end(token);
      else {
        this.#made = token;
        this.#ports.store.change({ token, made: Math.max(this.#ports.clock.now(), this.#out), who: identity && whoOf(identity) });
        this.#connect();
        this.#claim(); // named while the visitor was being made
      }
    }
    const session = this.#session.peek();
    if (!session) throw new Closed();
    return session;
  }

  #talkAbout(conversation: ConversationID | undefined): void {
    this.#talk?.abort();
    this.#talk = undefined;
    const session = this.#session.peek();
    if (!conversation || !session) {
      this.#calls.value = this.#sharing.value = undefined;
      return;
    }
    this.#talk = new AbortController();
    const { signal: lifetime } = this.#talk;
    const visible = (): boolean => this.pageVisible.peek();
    const { tell, clock, newLeg } = this.#ports;
    const own = this.#own;
    const after = (ms: number, run: () => void): (() => void) => clock.after(ms, run);
    const serverNow = (): number => clock.now() + this.#ahead;
    this.#calls.value = new CallModel(session, conversation, { newLeg, own, after, serverNow }, lifetime);
    this.#sharing.value = new SharingModel(session, conversation, { tell, visible, mask: this.bootstrap.mask, own, after, serverNow }, lifetime);
  }

  #tellAlive(phase: Phase): void {
    if (phase === "loading") return;
    const { store, tell } = this.#ports;
    tell({ kind: "alive", alive: phase === "asking" || phase === "waiting" || phase === "active", who: store.state.who ?? null, made: store.state.made });
  }

  /** Leaves the queue. */
  leave(): Promise<void> {
    return this.#over("chat.leave");
  }

  /** Chats now, instead of waiting for somebody who can do more. */
  stay(): Promise<void> {
    this.focusAsked.value++; // the button goes
    return this.#over("chat.stay");
  }

  /** Waits for somebody who can do more, instead of chatting now. */
  keepWaiting(): void {
    this.waiting.keepWaiting();
    this.focusAsked.value++;
  }

  /** Ends the conversation; its text stays to be read. */
  end(): Promise<void> {
    this.confirmEnd.value = false;
    return this.#over("chat.end");
  }

  async #over(kind: "chat.leave" | "chat.end" | "chat.stay"): Promise<void> {
    const it = this.conversation.peek();
    if (it) await this.#session.peek()?.connection.command(kind, { conversation: it.conversation }).catch(() => undefined); // the view shows what is
  }

  /** Puts an ended conversation away, so that a new one can begin. */
  startNew(): void {
    this.message.clear();
    const it = this.conversation.peek();
    if (!it || !ended(it)) return;
    this.#dismissed.value = it.conversation;
    this.#ports.store.change({ dismissed: it.conversation });
  }

  close(): void {
    this.#ports.tell({ kind: "close" });
  }

  /** Shows the panel, because the visitor is asked something. */
  callAttention(): void {
    this.#ports.tell({ kind: "open" });
  }
}
