import { computed, signal, type ReadonlySignal } from "@preact/signals-core";
import type { AgentItem } from "../../../shared/src/protocol.gen.ts";
import { words } from "../catalogue.ts";
import { sentence, type Line } from "./line.ts";

/** The agent's own state: what he has declared, and the label that is computed for him. */
export class OwnState {
  readonly item: ReadonlySignal<AgentItem | undefined>;
  /** What the last verb was refused for; empty when it was not. */
  readonly failure = signal("");
  readonly #line: Line;
  readonly #asking = signal<"ready" | "not_ready" | undefined>(undefined);

  /** Whether Ready is declared; while a change is on its way, what it will be. */
  readonly ready = computed(() => (this.#asking.value ?? this.item.value?.declared) === "ready");
  readonly known = computed(() => this.item.value !== undefined);
  readonly name = computed(() => this.item.value?.name ?? "");
  /** "Ready (0 of 4)", "Busy (1 of 4)", "Not ready (No answer)": as computed by the server. */
  readonly label = computed(() => {
    const item = this.item.value;
    return item === undefined ? "" : label(item);
  });
  /** Why offers stopped without the agent having wished it; empty when they did not. */
  readonly notice = computed(() => {
    const item = this.item.value;
    if (item?.declared !== "not_ready") return "";
    if (item.reason === "no_answer") return words.state.noAnswer;
    return item.reason === "connection_lost" ? words.state.connectionLost : "";
  });

  constructor(line: Line, item: ReadonlySignal<AgentItem | undefined>) {
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

  /** Goes off duty; told to the server, whatever comes of it. */
  async leave(): Promise<void> {
    await this.#line.command("agent.declare", { declared: "not_ready", reason: "signed_out" }).catch(() => undefined); // without a connection there are no offers either
  }

  async #declare(declared: "ready" | "not_ready", reason?: string): Promise<void> {
    this.failure.value = "";
    this.#asking.value = declared;
    try {
      await this.#line.command("agent.declare", reason === undefined ? { declared } : { declared, reason });
    } catch (reason_) {
      this.failure.value = sentence(reason_);
    } finally {
      this.#asking.value = undefined;
    }
  }
}

function label(item: AgentItem): string {
  switch (item.label) {
    case "offline":
      return words.state.offline;
    case "not_ready":
      return words.state.notReady(item.reason);
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
