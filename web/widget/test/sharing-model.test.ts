import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConversationID, Item } from "../../shared/src/index.ts";
import { Session } from "../../shared/src/index.ts";
import { FakeClock } from "../../shared/test/fake-clock.ts";
import { FakeServer } from "../../shared/test/fake-server.ts";
import type { FromPanel } from "../src/port.ts";
import { SharingModel } from "../src/panel/sharing-model.ts";

const conv = "01920000-0000-7000-8000-0000000000aa" as ConversationID;
const cobrowse = "01920000-0000-7000-8000-0000000000bb";
const [snapshot, events] = [1, 2];
const [first, last, whole] = [1, 2, 3];

let clock: FakeClock;
let server: FakeServer;
let told: FromPanel[];
let visible: boolean;
let life: AbortController;

/** A page whose panel has the session of `cobrowse` as its own. */
async function sharing(): Promise<SharingModel> {
  const session = new Session({
    clock, dialSocket: server.dialSocket, side: "visitor", signal: life.signal, identity: () => ({ token: "token" }), kept: [], keep: () => undefined, packet: () => undefined,
    cobrowseSnapshot: () => model.snapshot(),
  });
  const model: SharingModel = new SharingModel(
    session,
    conv,
    { tell: (message) => told.push(message), visible: () => visible, mask: [], own: { has: () => true, add: () => undefined, delete: () => undefined }, after: (ms, run) => clock.after(ms, run), serverNow: () => clock.now() },
    life.signal,
  );
  server.set(`cobrowse/${cobrowse}`, { cobrowse: { cobrowse, conversation: conv, state: "running", agent: "Anna", watchers: 1 } } as unknown as Item);
  session.connection.connect();
  await clock.pass(500);
  return model;
}

const packet = (type: number, flags: number): ArrayBuffer => {
  const bytes = new Uint8Array(40);
  bytes.set([1, type, flags]);
  return bytes.buffer;
};

/** How many of the packets leave. */
function leave(model: SharingModel, ...packets: ArrayBuffer[]): number {
  const before = server.packets;
  for (const one of packets) model.packet(one);
  return server.packets - before;
}

const picture = (): ArrayBuffer[] => [packet(snapshot, first), packet(snapshot, 0), packet(snapshot, last)];
const asked = (): number => told.filter((m) => m.kind === "cobrowse-snapshot").length;

beforeEach(() => {
  clock = new FakeClock(3);
  server = new FakeServer(clock);
  server.dataChannels = false;
  told = [];
  visible = true;
  life = new AbortController();
});
afterEach(() => life.abort());

describe("a shared tab in the background", () => {
  test("sends nothing of itself", async () => {
    const model = await sharing();
    expect(leave(model, ...picture())).toBe(3);
    visible = false;
    expect(leave(model, packet(events, whole), ...picture(), packet(events, whole))).toBe(0);
  });

  test("sends one picture over a new connection, so that it counts as there (COB-6)", async () => {
    const model = await sharing();
    leave(model, ...picture());
    visible = false;
    const before = asked();
    server.cut(server.primary!);
    await clock.pass(2_000);
    expect(asked()).toBe(before + 1);
    expect(leave(model, packet(events, whole), ...picture(), packet(events, whole), ...picture())).toBe(3);
  });

  test("sends one when the server asks for it", async () => {
    const model = await sharing();
    leave(model, ...picture());
    visible = false;
    server.send(server.primary!, { kind: "cobrowse.snapshot", body: { cobrowse: cobrowse as never } });
    await clock.pass(100);
    expect(leave(model, ...picture(), packet(events, whole), ...picture())).toBe(3);
  });

  test("that was loaded there begins with one", async () => {
    visible = false;
    const model = await sharing();
    expect(leave(model, ...picture(), packet(events, whole))).toBe(3);
  });

  test("ends the picture that it was sending when it went there", async () => {
    const model = await sharing();
    expect(leave(model, packet(snapshot, first))).toBe(1);
    visible = false;
    expect(leave(model, packet(snapshot, 0), packet(snapshot, last), packet(events, whole))).toBe(2);
  });
});
