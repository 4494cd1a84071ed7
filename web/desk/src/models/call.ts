import { computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals-core";
import { LegPlace } from "../../../shared/src/leg-place.ts";
import type { CallID, CallItem, ConnectionID, PartyItem } from "../../../shared/src/protocol.gen.ts";
import { duration, words } from "../catalogue.ts";
import { sentence, type Line } from "./line.ts";
import type { Pulse } from "./pulse.ts";

/** Where a device of ours stands; the last four are problems that are told. The call goes on without it, the chat in any case. */
export type DeviceState = "off" | "asking" | "on" | "refused" | "missing" | "busy" | "unsupported";

/** Our own end of a call: devices and media. It runs until it is closed; when it breaks it joins anew by itself. */
export interface Leg {
  readonly state: ReadonlySignal<"connecting" | "up" | "lost" | "ended">;
  readonly microphone: ReadonlySignal<DeviceState>;
  readonly camera: ReadonlySignal<DeviceState>;
  /** They switch a device and tell the server; a device that cannot be had is told by its state. */
  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  close(): void;
}

/** Calls that this tab has asked for or taken; it goes on with them after a reload. */
export interface OwnCalls {
  has(call: CallID): boolean;
  add(call: CallID): void;
  delete(call: CallID): void;
}

/** What a call needs from outside. */
export interface CallOutside<L extends Leg = Leg> {
  readonly line: Line;
  readonly pulse: Pulse;
  readonly own: OwnCalls;
  /** This tab's connection. */
  readonly tab: ReadonlySignal<ConnectionID | undefined>;
  startLeg(item: ReadonlySignal<CallItem>, place: LegPlace): L;
}

/** Where a call stands for this tab. */
export type CallPhase = "asking" | "asked" | "here" | "elsewhere";

/** A call of one conversation. Its leg starts by itself in the tab that asked for it or took it. */
export class Call<L extends Leg = Leg> {
  readonly item: ReadonlySignal<CallItem>;
  readonly leg: ReadonlySignal<L | undefined>;
  readonly failure = signal("");
  /** Whether the browser plays no sound before the agent has done something on the page. */
  readonly soundBlocked = signal(false);
  readonly #o: CallOutside<L>;
  readonly #leg = signal<L | undefined>(undefined);
  readonly #own;
  readonly #busy = signal(false);
  readonly #place = new LegPlace();
  readonly #stop: () => void;

  readonly phase: ReadonlySignal<CallPhase> = computed(() => {
    const item = this.item.value;
    if (item.state === "asked") return item.askedBy === "visitor" ? "asked" : "asking";
    return this.#own.value ? "here" : "elsewhere";
  });
  /** The other parties. */
  readonly others = computed<readonly PartyItem[]>(() => (this.item.value.parties ?? []).filter((p) => !p.you));
  readonly since;
  /** What is wrong with our own devices or the connection, as the catalogue says it; empty when nothing is. */
  readonly problems = computed<readonly string[]>(() => {
    const leg = this.#leg.value;
    if (leg === undefined) return [];
    const found: string[] = [words.call.microphone[leg.microphone.value]];
    if (this.item.value.media === "video" || leg.camera.value !== "off") found.push(words.call.camera[leg.camera.value]);
    if (leg.state.value === "ended") found.push(words.call.failed);
    return found.filter((text) => text !== "");
  });
  /** Whether the microphone can be switched on: it is off, or could not be had before. */
  readonly canUnmute = computed(() => off(this.#leg.value?.microphone.value));
  readonly canShow = computed(() => off(this.#leg.value?.camera.value));
  readonly canAnswer = computed(() => this.phase.value === "asked" && !this.#busy.value);

  constructor(item: ReadonlySignal<CallItem>, outside: CallOutside<L>) {
    this.item = item;
    this.#o = outside;
    this.leg = this.#leg;
    this.#own = signal(outside.own.has(item.peek().call));
    this.since = computed(() => duration(outside.pulse.now.value - (this.item.value.started ?? outside.pulse.now.value)));
    this.#stop = effect(() => {
      this.#place.connected(this.#o.tab.value);
      if (this.phase.value !== "here") return;
      const { tab } = this.item.value;
      untracked(() => this.#keepLeg(tab));
    });
  }

  /** This tab has asked for the call. */
  claim(): void {
    this.#o.own.add(this.item.peek().call);
    this.#own.value = true;
  }

  /** Answers the visitor's request; an allowed call runs in this tab. */
  async answer(allow: boolean): Promise<void> {
    if (!this.canAnswer.value) return;
    const { call } = this.item.peek();
    if (allow) this.claim();
    await this.#try(() => this.#o.line.command("call.answer", allow ? { call, allow } : { call, allow, cause: "person" }));
  }

  /** Hangs up, or takes the question back. */
  hangUp(): Promise<void> {
    return this.#try(() => this.#o.line.command("call.hang_up", { call: this.item.peek().call }));
  }

  /** Takes the leg from another tab of the same agent. */
  takeHere(): void {
    this.claim(); // starts the leg
  }

  /** The call has ended, or the page goes. */
  close(): void {
    this.#stop();
    this.#leg.value?.close();
    this.#leg.value = undefined;
  }

  #keepLeg(tab: ConnectionID | undefined): void {
    if (this.#leg.value === undefined) {
      this.#place.begins();
      this.#leg.value = this.#o.startLeg(this.item, this.#place);
      return;
    }
    if (!this.#place.taken(tab)) return;
    this.#leg.value.close();
    this.#leg.value = undefined;
    this.#o.own.delete(this.item.peek().call);
    this.#own.value = false;
  }

  async #try(send: () => Promise<unknown>): Promise<void> {
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

const off = (state: DeviceState | undefined): boolean => state !== undefined && state !== "on" && state !== "asking";
