import { describe, expect, it } from "vitest";
import type { CobrowseEngine } from "./engine.ts";
import { fit } from "./fit.ts";
import { readBatch, restamp, worthApplying, type PageEvent } from "./page-event.ts";
import { packet } from "./packets.testing.ts";
import { Viewer } from "./viewer.ts";

const change = (id: number, timestamp = 0): PageEvent => ({ type: 3, data: { source: 0, id }, timestamp });
const snapshot = [
  { type: 4, data: { width: 800, height: 600 }, timestamp: 0 },
  { type: 2, data: { node: {} }, timestamp: 0 },
];

function stage() {
  const log: string[] = [];
  const later: (() => void)[] = [];
  const at = { now: 0, visible: true };
  const engine: CobrowseEngine = {
    begin: (events) => log.push(`begin ${String(events.length)}`),
    apply: (events) => log.push(`apply ${events.map((e) => String(e.data["id"])).join(",")}`),
    close: () => log.push("close"),
  };
  const viewer = new Viewer(engine, {
    tell: (message) => log.push(message.type),
    now: () => at.now,
    visible: () => at.visible,
    later: (_, run) => later.push(run),
  });
  const send = (type: "snapshot" | "events", gen: number, seq: number, events: unknown) => {
    viewer.packet(packet(type, gen, seq, JSON.stringify(events)));
  };
  return { log, later, at, viewer, send };
}

describe("Viewer", () => {
  it("begins with a snapshot and applies batches in order", () => { // COB-2
    const { log, send } = stage();
    send("snapshot", 1, 0, snapshot);
    send("events", 1, 1, [change(1), change(2)]);
    send("events", 1, 2, change(3));
    expect(log).toEqual(["begin 2", "apply 1,2", "apply 3"]);
  });

  it("asks for a new beginning once per two seconds after a gap, and goes on with it", () => { // COB-6
    const { log, later, at, send } = stage();
    send("snapshot", 1, 0, snapshot);
    send("events", 1, 2, change(2));
    send("events", 1, 3, change(3));
    expect(log).toEqual(["begin 2", "gap"]);
    at.now = 2000;
    later.splice(0).forEach((run) => { run(); });
    expect(log).toEqual(["begin 2", "gap", "gap"]);
    send("snapshot", 2, 0, snapshot);
    send("events", 2, 1, change(1));
    expect(log.slice(3)).toEqual(["begin 2", "apply 1"]);
    expect(later).toHaveLength(0);
  });

  it("drops packets while hidden and asks anew when shown", () => {
    const { log, at, viewer, send } = stage();
    send("snapshot", 1, 0, snapshot);
    at.visible = false;
    send("events", 1, 1, change(1));
    at.visible = true;
    viewer.shown();
    send("snapshot", 2, 0, snapshot);
    expect(log).toEqual(["begin 2", "gap", "begin 2"]);
  });

  it("asks anew after a batch that is not JSON, and applies nothing until then", () => {
    const { log, viewer, send } = stage();
    send("snapshot", 1, 0, snapshot);
    viewer.packet(packet("events", 1, 1, "{"));
    send("events", 1, 2, change(2));
    expect(log).toEqual(["begin 2", "gap"]);
  });
});

describe("page events", () => {
  it("leaves out canvas, plugins, fonts, logs, custom elements and what is not known", () => {
    const kinds = [0, 9, 10, 11, 16, 99, "0"].map((source) => ({ type: 3, data: { source }, timestamp: 1 }));
    const batch = [...kinds, { type: 6, data: {} }, { type: 5, data: {} }, null, 3, { type: 2 }];
    expect(readBatch(new TextEncoder().encode(JSON.stringify(batch)))).toEqual([{ type: 3, data: { source: 0 }, timestamp: 1 }]);
    expect(readBatch(new Uint8Array([0xff]))).toBeUndefined();
  });

  it("gives events the viewer's time, whatever the visitor's clock says", () => {
    for (const skew of [-5000, 0, 3000]) expect(restamp(change(1, 1000 + skew), 1000).timestamp).toBe(1000);
  });

  it("keeps a pointer batch's last place and schedules none of it into the past", () => {
    const moves = { type: 3, timestamp: 9, data: { source: 1, positions: [{ x: 1, timeOffset: -480 }, { x: 2, timeOffset: -20 }] } };
    expect(restamp(moves, 5)).toEqual({ type: 3, timestamp: 5, data: { source: 1, positions: [{ x: 2, timeOffset: 0 }] } });
    expect(worthApplying(restamp({ ...moves, data: { source: 1, positions: [] } }, 5))).toBe(false);
  });
});

describe("fit", () => {
  it("shows the whole viewport, never enlarged, in the middle", () => {
    expect(fit({ width: 1000, height: 500 }, { width: 500, height: 500 })).toEqual({ scale: 0.5, left: 0, top: 125 });
    expect(fit({ width: 400, height: 300 }, { width: 800, height: 600 })).toEqual({ scale: 1, left: 200, top: 150 });
  });
});
