import { describe, expect, test } from "vitest";
import type { Entry, EntryBody } from "../../shared/src/index.ts";
import { systemLine } from "../src/panel/system-line.ts";

const requeued = (body: EntryBody): string =>
  systemLine({ seq: 1, id: "e" as Entry["id"], kind: "requeued", audience: "all", author: { kind: "system" }, at: 0, body });

describe("who goes back to the queue", () => {
  test("reads that the agent has signed out, and who comes next", () => {
    expect(requeued({ cause: "signed_out", name: "Anna" })).toBe("Anna has signed out. You are back in line, and the next agent who is free takes over.");
  });

  test("reads the usual words otherwise, and nothing of why an agent is not there", () => {
    for (const cause of ["connection_lost", "agent_disabled", "password_changed", "no_right", "of a later server"]) {
      expect(requeued({ cause })).toBe("You are back in line and keep your place.");
    }
  });
});

test("who closed the page that was shared reads that it has ended by it", () => {
  const ended = (body: EntryBody): string =>
    systemLine({ seq: 1, id: "e" as Entry["id"], kind: "cobrowse_ended", audience: "all", author: { kind: "system" }, at: 0, body });
  expect(ended({ cause: "page_gone" })).toBe("Page sharing ended: the shared page was closed.");
  expect(ended({ cause: "stopped" })).toBe("Page sharing ended.");
});
