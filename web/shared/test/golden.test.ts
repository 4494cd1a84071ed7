import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Session, type ConversationID, type DownFrame, type UpFrame } from "../src/index.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeServer } from "./fake-server.ts";

const folder = new URL("../../../signaling/protocol/golden/", import.meta.url);
const frames = readdirSync(folder)
  .filter((name) => name.endsWith(".json") && !name.startsWith("shape."))
  .map((name) => ({ name, frame: JSON.parse(readFileSync(new URL(name, folder), "utf8")) as { kind: string; op?: string; body: unknown } }));

// Every kind is named here: a kind that is added in Go does not compile until it is added, and fails until it has its golden file.
const down = {
  "connection.welcome": 1, "connection.ping": 1, "connection.move": 1, ack: 1, error: 1, "chat.entries": 1, "chat.typing": 1, "chat.marks": 1,
  "view.snapshot": 1, "view.patch": 1, "call.joined": 1, "cobrowse.snapshot": 1,
} satisfies Record<DownFrame["kind"], 1>;
const up = {
  "connection.hello": 1, "connection.resume": 1, "connection.pong": 1, "chat.ask": 1, "chat.post": 1, "chat.since": 1, "chat.typing": 1, "chat.mark": 1,
  "chat.leave": 1, "chat.leave_message": 1, "chat.stay": 1, "chat.end": 1, "chat.park": 1, "chat.unpark": 1, "chat.clear": 1, "agent.declare": 1,
  "agent.profile": 1, "agent.auto_accept": 1, "agent.used": 1, "offer.accept": 1, "offer.reject": 1, "queue.pick": 1, "queue.next": 1,
  "team.transfer": 1, "team.invite": 1, "team.enquire": 1, "team.cancel": 1, "team.leave": 1,
  "call.ask": 1, "call.answer": 1, "call.join": 1, "call.trickle": 1, "call.mute": 1, "call.hang_up": 1, "cobrowse.ask": 1, "cobrowse.answer": 1,
  "cobrowse.stop": 1, "cobrowse.watch": 1,
} satisfies Record<UpFrame["kind"], 1>;

describe("the golden frames of the server", () => {
  test("are exactly the kinds that are known here", () => {
    const kinds = (side: string): string[] => frames.filter((f) => f.name.startsWith(side)).map((f) => f.frame.kind).sort();
    expect(kinds("down.")).toEqual(Object.keys(down).sort());
    expect(kinds("up.")).toEqual(Object.keys(up).sort());
  });

  test("can each be received without harm", async () => {
    for (const { name, frame } of frames.filter((f) => f.name.startsWith("down."))) {
      const clock = new FakeClock();
      const server = new FakeServer(clock);
      const end = new AbortController();
      const session = new Session({ clock, dialSocket: server.dialSocket, identity: () => ({}), side: "agent", signal: end.signal });
      session.connection.connect();
      await clock.pass(50);
      server.send(server.links[0]!, frame as DownFrame);
      await clock.pass(50);
      if (frame.kind === "chat.entries") {
        const { conversation, entries } = frame.body as { conversation: ConversationID; entries: { seq: number }[] };
        expect(session.log(conversation).shown, name).toBe(entries[0]?.seq === 1 ? entries.length : 0);
      }
      if (frame.kind === "view.snapshot") expect(session.view.items.value.size, name).toBeGreaterThan(0);
      expect(["live", "reconnecting"], name).toContain(session.connection.state.value);
      end.abort();
    }
  });
});
