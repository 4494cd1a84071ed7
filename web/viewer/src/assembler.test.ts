import { describe, expect, it } from "vitest";
import { Assembler, type Step } from "./assembler.ts";
import { parsePacket } from "./packet.ts";
import { packet } from "./packets.testing.ts";

const text = (step: Step) => (step.kind === "batch" ? new TextDecoder().decode(step.bytes) : step.kind);

describe("parsePacket", () => {
  it("reads the header", () => {
    const read = parsePacket(packet("events", 7, 70000, "x", { last: false }));
    expect(read).toMatchObject({ type: "events", first: true, last: false, gen: 7, seq: 70000 });
    expect(read?.cobrowse).toBe("01020304-0506-0708-090a-0b0c0d0e0f10");
    expect(new TextDecoder().decode(read?.payload)).toBe("x");
  });

  it("refuses what is short, of another version or of an unknown type", () => {
    expect(parsePacket(new Uint8Array(27))).toBeUndefined();
    const other = packet("events", 1, 0, "");
    other[0] = 2;
    expect(parsePacket(other)).toBeUndefined();
    const unknown = packet("events", 1, 0, "");
    unknown[1] = 9;
    expect(parsePacket(unknown)).toBeUndefined();
  });
});

describe("Assembler", () => {
  it("puts a snapshot in three parts together, then lets events out as they come", () => {
    const a = new Assembler();
    const got = [
      a.push(packet("snapshot", 1, 0, "[1", { last: false })),
      a.push(packet("snapshot", 1, 1, ",2", { first: false, last: false })),
      a.push(packet("snapshot", 1, 2, "]", { first: false })),
      a.push(packet("events", 1, 3, "[3]")),
    ].map(text);
    expect(got).toEqual(["more", "more", "[1,2]", "[3]"]);
  });

  it("says gap for a missing packet and lets nothing out until a snapshot begins", () => {
    const a = new Assembler();
    a.push(packet("snapshot", 1, 0, "s"));
    expect(text(a.push(packet("events", 1, 2, "late")))).toBe("gap");
    expect(text(a.push(packet("events", 1, 3, "later")))).toBe("gap");
    expect(text(a.push(packet("snapshot", 2, 0, "again")))).toBe("again");
    expect(text(a.push(packet("events", 2, 1, "on")))).toBe("on");
  });

  it("asks when it joins in the middle", () => {
    expect(text(new Assembler().push(packet("events", 4, 9, "x")))).toBe("gap");
    expect(text(new Assembler().push(packet("snapshot", 4, 1, "x", { first: false })))).toBe("gap");
  });

  it("drops what it has seen and what is of an earlier gen", () => {
    const a = new Assembler();
    a.push(packet("snapshot", 3, 0, "s"));
    a.push(packet("events", 3, 1, "a"));
    expect(text(a.push(packet("events", 3, 1, "a")))).toBe("stale");
    expect(text(a.push(packet("events", 2, 8, "old")))).toBe("stale");
    expect(text(a.push(packet("events", 3, 2, "b")))).toBe("b");
  });

  it("begins anew when the same gen is sent again from its start", () => {
    const a = new Assembler();
    a.push(packet("snapshot", 3, 0, "s"));
    a.push(packet("events", 3, 1, "a"));
    expect(text(a.push(packet("snapshot", 3, 0, "s again")))).toBe("s again");
    expect(text(a.push(packet("events", 3, 1, "a")))).toBe("a");
  });

  it("says gap when a batch is cut: a part without a first, a first inside a batch, another type", () => {
    const cut = (second: Uint8Array) => {
      const a = new Assembler();
      a.push(packet("snapshot", 1, 0, "s"));
      a.push(packet("events", 1, 1, "half", { last: false }));
      return text(a.push(second));
    };
    expect(cut(packet("events", 1, 2, "first again"))).toBe("gap");
    expect(cut(packet("snapshot", 1, 2, "other", { first: false }))).toBe("gap");
    const a = new Assembler();
    a.push(packet("snapshot", 1, 0, "s"));
    expect(text(a.push(packet("events", 1, 1, "no first", { first: false })))).toBe("gap");
  });

  it("drops what is no packet without losing its place", () => {
    const a = new Assembler();
    a.push(packet("snapshot", 1, 0, "s"));
    expect(text(a.push(new Uint8Array(3)))).toBe("bad");
    expect(text(a.push(packet("events", 1, 1, "a")))).toBe("a");
  });
});
