import { effect, type ReadonlySignal } from "@preact/signals-core";
import { browserDevices, CallLeg, dataChannels, systemClock, watchPage, webSockets } from "../../../shared/src/browser/index.ts";
import type { LegPlace } from "../../../shared/src/leg-place.ts";
import { Session } from "../../../shared/src/session.ts";
import type { CallItem } from "../../../shared/src/protocol.gen.ts";
import { wantedDevices } from "../../../shared/src/wanted.ts";
import { parsePacket } from "../../../viewer/src/packet.ts";
import type { Leg } from "../models/call.ts";
import { Desk } from "../models/desk.ts";
import type { Line } from "../models/line.ts";
import { sentence } from "../models/line.ts";
import type { Me } from "../models/sign-in.ts";
import { Alarm } from "./alarm.ts";
import { routingApi } from "./routing-api.ts";
import { tellUsed } from "./used.ts";
import { layouts, tabCalls, tabDrafts, tabOutbox } from "./storage.ts";

/** A desk that runs, and what its page may still do to it. */
export interface RunningDesk {
  readonly desk: Desk;
  readonly alarm: Alarm;
}

/** Opens the connection and the desk on it; all of it ends with signal. The agent leaves it by signOut. */
export function startDesk(me: Me, signOut: () => void, signal: AbortSignal): RunningDesk {
  const session = new Session({
    side: "agent",
    clock: systemClock,
    dialSocket: webSockets(location.origin),
    dialChannels: dataChannels(location.origin),
    identity: () => ({}),
    kept: tabOutbox.load(me.agent),
    keep: (kept) => tabOutbox.save(me.agent, kept),
    packet: (channel, data) => {
      if (channel !== "cobrowse") return;
      const packet = parsePacket(data);
      if (packet !== undefined) desk.packet(data, packet.cobrowse);
    },
    signal,
  });
  const { connection } = session;
  const line: Line = { command: (kind, body) => connection.command(kind, body) };
  const feed = {
    line,
    view: session.view,
    log: session.log.bind(session),
    state: connection.state,
    transport: connection.transport,
    welcome: connection.welcome,
  };
  const startLeg = (item: ReadonlySignal<CallItem>, _: Line, place: LegPlace) => openLeg(item, place, line, (c) => connection.notice("call.trickle", c), signal);
  const desk = new Desk(feed, { clock: systemClock, drafts: tabDrafts(me.agent), ownCalls: tabCalls(), startLeg, signOut, insight: routingApi, signal });
  const layout = layouts.load(me.agent);
  if (typeof layout === "object" && layout !== null && "places" in layout) desk.places.restore(layout.places);
  watchPage(connection, signal);
  tellUsed(() => connection.notice("agent.used", {}), signal);
  connection.connect();
  const stopWaiting = effect(() => {
    if (desk.offers.value.length + desk.cards.value.length > 0) connection.climb(); // while it rings, so that they are open when it is taken
  });
  signal.addEventListener("abort", stopWaiting, { once: true });
  return { desk, alarm: new Alarm(desk, signal) };
}

type Trickle = (body: { call: CallItem["call"]; candidate: string }) => void;

function openLeg(item: ReadonlySignal<CallItem>, place: LegPlace, line: Line, trickle: Trickle, signal: AbortSignal): Leg {
  const { call } = item.peek();
  const leg = new CallLeg({
    clock: systemClock,
    devices: browserDevices,
    join: async (sdp) => (await line.command("call.join", { call, sdp, ...place.had })).sdp,
    trickle: (candidate) => trickle({ call, candidate }),
    mute: (audio, video) => {
      line.command("call.mute", { call, audio, video }).catch((reason: unknown) => console.info("mute was not taken:", sentence(reason)));
    },
    signal,
  });
  leg.start(wantedDevices(item.peek()));
  return leg;
}
