import { batch, computed, signal, type ReadonlySignal } from "@preact/signals";
import { Closed, isBlank, Refusal, type Composer, type ConversationID, type ConversationItem, type LeaveMessage, type SiteItem, type SiteReason } from "../../../shared/src/index.ts";
import type { Phase } from "./panel-ports.ts";

/** Why a message can be left: the site takes no conversations, or who waits wants to. */
export type MessageReason = SiteReason | "choice";

/** What the form needs of the panel. */
export interface MessagePorts {
  readonly phase: ReadonlySignal<Phase>;
  readonly site: ReadonlySignal<SiteItem | undefined>;
  readonly conversation: ReadonlySignal<ConversationItem | undefined>;
  readonly composer: Composer;
  readonly name: ReadonlySignal<string>;
  /** Hands the message over. Rejects with Refusal, with TypeError when there is no network, or when it is closed meanwhile. */
  readonly leave: (body: LeaveMessage) => Promise<unknown>;
  /** The keyboard goes to what is there now. */
  readonly focus: () => void;
}

/** The form for a message to be answered later. Its text is the message box' draft: what was typed comes along, and goes back. */
export class MessageModel {
  readonly #ports: MessagePorts;
  readonly #refused = signal<SiteReason | undefined>(undefined);
  readonly #instead = signal<ConversationID | undefined>(undefined);

  readonly email = signal("");
  readonly sending = signal(false);
  /** A message was left here just now. */
  readonly left = signal(false);
  /** A sentence about the message that could not be left; empty where nothing was reached. */
  readonly trouble = signal<string | undefined>(undefined);

  /** Why the form is shown instead of the message box; undefined where it is not. */
  readonly reason = computed<MessageReason | undefined>(() => {
    const { phase, site, conversation } = this.#ports;
    if (phase.value === "waiting") return this.#instead.value === conversation.value?.conversation ? "choice" : undefined;
    if (phase.value !== "first" || this.left.value) return undefined;
    return reasonOf(site.value) ?? this.#refused.value;
  });
  /** A conversation can be had instead. */
  readonly canChat = computed(() => this.#ports.phase.value === "waiting" || reasonOf(this.#ports.site.value) === undefined);
  readonly canSend = computed(() => !this.sending.value && this.#ports.composer.over.value === 0 && (this.reason.value === "choice" || !isBlank(this.#ports.composer.draft.value)));

  constructor(ports: MessagePorts) {
    this.#ports = ports;
  }

  /** Asking for a conversation was refused for a reason that a message gets around. */
  refused(reason: SiteReason): void {
    this.#refused.value = reason;
    this.#ports.focus();
  }

  /** Who waits would rather leave a message. */
  instead(): void {
    batch(() => {
      this.#instead.value = this.#ports.conversation.peek()?.conversation;
      this.trouble.value = undefined;
      this.#ports.focus();
    });
  }

  /** Back to waiting, or to the message box. */
  back(): void {
    batch(() => {
      this.#instead.value = this.#refused.value = this.trouble.value = undefined;
      this.#ports.focus();
    });
  }

  /** Another matter begins, or another visitor. */
  clear(): void {
    batch(() => {
      this.left.value = false;
      this.#instead.value = this.#refused.value = this.trouble.value = undefined;
    });
  }

  async send(): Promise<void> {
    if (!this.canSend.peek()) return;
    const { composer, conversation, name, leave, focus } = this.#ports;
    const draft = composer.draft.peek();
    const waiting = this.reason.peek() === "choice" ? conversation.peek() : undefined;
    const [text, called, email] = [draft, name.peek(), this.email.peek()].map((s) => s.trim());
    this.sending.value = true;
    this.trouble.value = undefined;
    try {
      await leave({
        ...(waiting ? { conversation: waiting.conversation } : {}),
        ...(text ? { text } : {}),
        ...(called ? { name: called } : {}),
        ...(email ? { email } : {}),
      });
      batch(() => {
        if (composer.draft.peek() === draft) composer.draft.value = "";
        this.#instead.value = this.#refused.value = undefined;
        this.left.value = true;
        focus();
      });
    } catch (reason) {
      if (!(reason instanceof Closed)) this.trouble.value = reason instanceof Refusal ? reason.message : "";
    } finally {
      this.sending.value = false;
    }
  }
}

/** Why a site takes no conversations now; undefined where it does, or where nothing is known of it. */
function reasonOf(site: SiteItem | undefined): SiteReason | undefined {
  if (!site || site.accepting) return undefined;
  return site.reason ?? (site.open ? "full" : "closed");
}
