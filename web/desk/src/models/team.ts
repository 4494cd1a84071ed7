import { computed, signal, type ReadonlySignal } from "@preact/signals-core";
import type { Clock } from "../../../shared/src/clock.ts";
import type { AgentID, QueueID, TargetAgent, TargetQueue, Targets, TeamAsk } from "../../../shared/src/protocol.gen.ts";
import type { Card } from "./card.ts";
import type { Insight } from "./dialogs.ts";
import { sentence, type Line } from "./line.ts";

/** What is asked of a colleague. */
export type TeamVerb = "transfer" | "invite" | "enquire";

/** Milliseconds from one look at who is free to the next. */
const lookEvery = 2_000;

/** Longest note, in characters. */
export const longestNote = 1_000;

type Chosen = { readonly agent: AgentID } | { readonly queue: QueueID };

/** The choice of whom to ask: who is there and free, looked at anew while it is open. What is listed keeps its place, so that nothing moves under the mouse. */
export class TeamDialog {
  readonly kind = "team";
  readonly verb: TeamVerb;
  readonly card: Card;
  readonly targets = signal<Targets | undefined>(undefined);
  /** Why who is there could not be looked up just now; empty when it could. What is listed may be out of date. */
  readonly unseen = signal("");
  /** Why what was asked was refused; empty when it was not. */
  readonly failure = signal("");
  readonly note = signal("");
  readonly find = signal("");
  readonly leave = signal(false);
  readonly #chosen = signal<Chosen | undefined>(undefined);
  /** Asked, and not answered yet. */
  readonly asking = signal(false);
  readonly #o: { readonly line: Line; readonly clock: Clock; readonly insight: Insight; readonly close: () => void };
  readonly #order = new Map<string, number>();
  #stop = (): void => undefined;
  #open = true;

  readonly agents: ReadonlySignal<readonly TargetAgent[]> = computed(() => this.#listed(this.targets.value?.agents ?? [], (a) => a.agent));
  readonly queues: ReadonlySignal<readonly TargetQueue[]> = computed(() => this.#listed(this.targets.value?.queues ?? [], (q) => q.queue));
  /** Whether there are so many that finding helps. */
  readonly many = computed(() => (this.targets.value?.agents.length ?? 0) + (this.targets.value?.queues.length ?? 0) > 8);
  /** Leaving at once is possible to a queue only. */
  readonly mayLeave = computed(() => this.verb === "transfer" && this.#chosen.value !== undefined && "queue" in this.#chosen.value);
  readonly canAsk = computed(() => this.#chosenIsAble() && !this.asking.value);

  constructor(verb: TeamVerb, card: Card, outside: { line: Line; clock: Clock; insight: Insight; close: () => void }) {
    this.verb = verb;
    this.card = card;
    this.#o = outside;
    void this.#look(); // tells its failure itself
  }

  /** Whether this agent or queue is the chosen one. */
  isChosen(id: AgentID | QueueID): boolean {
    const chosen = this.#chosen.value;
    return chosen !== undefined && ("agent" in chosen ? chosen.agent === id : chosen.queue === id);
  }

  chooseAgent(it: TargetAgent): void {
    if (it.able) this.#chosen.value = { agent: it.agent };
  }

  chooseQueue(it: TargetQueue): void {
    if (it.able) this.#chosen.value = { queue: it.queue };
  }

  /** Asks whom was chosen; closes when that was taken. */
  async ask(): Promise<void> {
    const chosen = this.#chosen.value;
    if (chosen === undefined || !this.canAsk.value) return;
    const note = this.note.value.trim();
    const leave = this.mayLeave.value && this.leave.value;
    const body: TeamAsk = { conversation: this.card.conversation, ...chosen, ...(note === "" ? {} : { note }), ...(leave ? { leave } : {}) };
    this.asking.value = true;
    this.failure.value = "";
    try {
      await this.#o.line.command(`team.${this.verb}`, body);
      this.#o.close();
    } catch (reason) {
      this.failure.value = sentence(reason);
    } finally {
      this.asking.value = false;
    }
  }

  /** Stops looking. */
  close(): void {
    this.#open = false;
    this.#stop();
  }

  async #look(): Promise<void> {
    try {
      this.#take(await this.#o.insight.targets(this.card.conversation));
      this.unseen.value = "";
    } catch (reason) {
      this.unseen.value = sentence(reason);
    }
    if (this.#open) this.#stop = this.#o.clock.after(lookEvery, () => void this.#look());
  }

  #take(targets: Targets): void {
    const add = (id: string) => this.#order.has(id) || this.#order.set(id, this.#order.size);
    const ableFirst = (a: { able: boolean; name: string }, b: { able: boolean; name: string }) => Number(b.able) - Number(a.able) || a.name.localeCompare(b.name);
    for (const { agent } of targets.agents.toSorted(ableFirst)) add(agent);
    for (const { queue } of targets.queues.toSorted(ableFirst)) add(queue);
    this.targets.value = targets;
  }

  #listed<T extends { name: string }>(all: readonly T[], id: (it: T) => string): readonly T[] {
    const wanted = this.find.value.trim().toLocaleLowerCase();
    const at = (it: T) => this.#order.get(id(it)) ?? 0;
    return all.filter((it) => it.name.toLocaleLowerCase().includes(wanted)).sort((a, b) => at(a) - at(b));
  }

  #chosenIsAble(): boolean {
    const [chosen, targets] = [this.#chosen.value, this.targets.value];
    if (chosen === undefined || targets === undefined) return false;
    if ("agent" in chosen) return targets.agents.some((a) => a.agent === chosen.agent && a.able);
    return targets.queues.some((q) => q.queue === chosen.queue && q.able);
  }
}
