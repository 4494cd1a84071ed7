import { computed, signal, type ReadonlySignal } from "@preact/signals-core";
import type { AgentItem, Declared, Named, ProfileID } from "../../../shared/src/protocol.gen.ts";
import type { CommandKind } from "../../../shared/src/outbox.ts";
import { words } from "../catalogue.ts";
import { sentence, type Line } from "./line.ts";

/** The agent's own state: what he has declared, and the label that is computed for him. */
export class OwnState {
  readonly item: ReadonlySignal<AgentItem | undefined>;
  /** What the last verb was refused for; empty when it was not. */
  readonly failure = signal("");
  readonly #line: Line;
  readonly #can: (verb: CommandKind) => boolean;
  readonly #asking = signal<Declared | undefined>(undefined);

  /** Whether Ready is declared; while a change is on its way, what it will be. */
  readonly ready = computed(() => (this.#asking.value ?? this.item.value?.declared) === "ready");
  readonly known = computed(() => this.item.value !== undefined);
  readonly name = computed(() => this.item.value?.name ?? "");
  /** "Ready (0 of 4)", "Busy (1 of 4)", "Not ready (No answer)": as computed by the server. */
  readonly label = computed(() => {
    const item = this.item.value;
    if (item === undefined) return "";
    const text = label(item, item.pauseReasons?.find((r) => r.key === item.reason)?.name);
    return this.pending.value ? words.state.pending(text) : text;
  });
  /** Not ready after these conversations: declared, or on its way. */
  readonly pending: ReadonlySignal<boolean> = computed(() => {
    const asking = this.#asking.value;
    return asking === undefined ? this.item.value?.pending === true : asking === "pending_not_ready";
  });
  /** Whether "after these" can be chosen: the server knows profiles, and there is something to be after. */
  readonly canPend = computed(() => this.item.value?.profiles !== undefined && this.ready.value && this.item.value.used > 0);
  /** Reasons for a pause: the workspace's, or those that every desk has. */
  readonly pauseReasons = computed<readonly Named[]>(() => this.item.value?.pauseReasons ?? words.pauseReasons.map((key) => ({ key, name: words.reason(key) })));
  readonly rejectReasons = computed<readonly Named[]>(() => this.item.value?.rejectReasons ?? words.rejectReasons);
  /** Profiles that can be chosen of; none where there is no choice (STATE-1). */
  readonly profiles = computed<readonly Named[]>(() => {
    const all = this.item.value?.profiles ?? [];
    return all.length > 1 && this.#can("agent.profile") ? all : [];
  });
  /** A profile changes only while paused or without a conversation. */
  readonly canChoose = computed(() => {
    const item = this.item.value;
    return item !== undefined && (item.declared === "not_ready" || item.used === 0);
  });
  readonly autoAccept = computed(() => this.item.value?.autoAccept === true);
  readonly autoAllowed = computed(() => this.item.value?.autoAllowed === true && this.#can("agent.auto_accept"));
  /** Why offers stopped without the agent having wished it; empty when they did not. */
  readonly notice = computed(() => {
    const item = this.item.value;
    if (item?.declared !== "not_ready") return "";
    if (item.reason === "no_answer") return words.state.noAnswer;
    return item.reason === "connection_lost" ? words.state.connectionLost : "";
  });

  constructor(line: Line, item: ReadonlySignal<AgentItem | undefined>, can: (verb: CommandKind) => boolean = () => true) {
    this.#can = can;
    this.#line = line;
    this.item = item;
  }

  /** Starts the distribution of work to this agent. */
  activate(): Promise<void> {
    return this.#declare("ready");
  }

  /** Stops new work; running conversations go on. */
  pause(reason: string): Promise<void> {
    return this.#declare("not_ready", reason);
  }

  /** Nothing new; Not Ready when the last of these conversations is over (STATE-3). */
  pauseAfterThese(): Promise<void> {
    return this.#declare("pending_not_ready");
  }

  /** Takes another of the agent's profiles. */
  choose(profile: string): Promise<void> {
    return this.#try(() => this.#line.command("agent.profile", { profile: profile as ProfileID }));
  }

  /** Whether offers are accepted by themselves (ROUTE-7). */
  setAutoAccept(on: boolean): Promise<void> {
    return this.#try(() => this.#line.command("agent.auto_accept", { on }));
  }

  /** Goes off duty; told to the server, whatever comes of it. */
  async leave(): Promise<void> {
    await this.#line.command("agent.declare", { declared: "not_ready", reason: "signed_out" }).catch(() => undefined); // without a connection there are no offers either
  }

  async #declare(declared: Declared, reason?: string): Promise<void> {
    this.#asking.value = declared;
    await this.#try(() => this.#line.command("agent.declare", reason === undefined ? { declared } : { declared, reason }));
    this.#asking.value = undefined;
  }

  async #try(send: () => Promise<unknown>): Promise<void> {
    this.failure.value = "";
    try {
      await send();
    } catch (reason) {
      this.failure.value = sentence(reason);
    }
  }
}

/** The label of an agent in words; reason is the name of his reason, where he gave one. */
export function label(item: Pick<AgentItem, "label" | "used" | "total" | "reason">, reason?: string): string {
  switch (item.label) {
    case "offline":
      return words.state.offline;
    case "not_ready":
      return words.state.notReady(reason ?? (item.reason && words.reason(item.reason)));
    case "ready":
      return words.state.ready(item.total);
    case "busy":
      return words.state.busy(item.used, item.total);
    case "full":
      return words.state.full(item.used, item.total);
    case "wrap_up":
      return words.state.wrapUp;
    default:
      return String(item.label satisfies never);
  }
}
