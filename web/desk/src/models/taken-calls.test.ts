import { describe, expect, it } from "vitest";
import type { CallItem, OfferItem } from "../../../shared/src/protocol.gen.ts";
import { call, card, offer, stage } from "../testing/stage.ts";

/** Accepts an offer, and has the visitor ask for a call after a while; gives the answers that were sent. */
async function answers(offered: Partial<OfferItem>, asked: Partial<CallItem>, after = 500): Promise<unknown[]> {
  const s = stage({ offers: [offer("o1", "c1", offered)] });
  void s.desk.offers.value[0]?.accept(true);
  s.sent[0]?.resolve({});
  await s.settled();
  s.set({ cards: [card("c1", { role: "owner" })] });
  s.pass(after);
  s.set({ cards: [card("c1", { role: "owner" })], calls: [call("k1", "c1", { state: "asked", askedBy: "visitor", ...asked })] });
  await s.settled();
  return s.sent.filter((it) => it.kind === "call.answer").map((it) => it.body);
}

describe("who accepts an offer of a call (ROUTE-3, VIS-6)", () => {
  it("has taken the call with it", async () => {
    expect(await answers({ medium: "video" }, { media: "video" })).toEqual([{ call: "k1", allow: true }]);
    expect(await answers({ medium: "video", kind: "all" }, { media: "audio" })).toEqual([{ call: "k1", allow: true }]);
    expect(await answers({ medium: "audio" }, { media: "audio" })).toEqual([{ call: "k1", allow: true }]);
  });

  it("is asked for more than was offered, for what comes late, and for what was not offered", async () => {
    expect(await answers({ medium: "audio" }, { media: "video" })).toEqual([]);
    expect(await answers({ medium: "video" }, { media: "video" }, 31_000)).toEqual([]);
    expect(await answers({ medium: "chat" }, { media: "audio" })).toEqual([]);
    expect(await answers({ medium: "video", kind: "transfer" }, { media: "video" })).toEqual([]);
    expect(await answers({ medium: "video" }, { media: "video", askedBy: "agent" })).toEqual([]);
  });

  it("is asked for the second call, and for that of an offer which was not to be had", async () => {
    const s = stage({ offers: [offer("o1", "c1", { medium: "video" }), offer("o2", "c2", { medium: "video" })] });
    const [first, second] = s.desk.offers.value;
    void first?.accept(true);
    void second?.accept(false);
    s.sent[0]?.resolve({});
    s.sent[1]?.reject(new Error("Ben took it."));
    await s.settled();
    const cards = [card("c1", { role: "owner" }), card("c2", { role: "owner" })];
    for (const calls of [[call("k1", "c1", { state: "asked", askedBy: "visitor" })], [], [call("k2", "c1", { state: "asked", askedBy: "visitor" }), call("k3", "c2", { state: "asked", askedBy: "visitor" })]]) {
      s.set({ cards, calls });
      await s.settled();
    }
    expect(s.sent.filter((it) => it.kind === "call.answer").map((it) => it.body)).toEqual([{ call: "k1", allow: true }]);
  });

  it("reads that Accept takes the call", () => {
    const s = stage({ offers: [offer("o1", "c1"), offer("o2", "c2", { medium: "video" }), offer("o3", "c3", { medium: "audio", kind: "all" }), offer("o4", "c4", { medium: "video", kind: "transfer" })] });
    expect(s.desk.offers.value.map((o) => o.call.value)).toEqual(["", "Accept takes the video call, with your camera and microphone.", "Accept takes the audio call, with your microphone.", ""]);
  });
});
