import { describe, expect, it } from "vitest";
import type { Entry, EntryBody, EntryKind } from "../../shared/src/protocol.gen.ts";
import { duration, words } from "./catalogue.ts";
import { SignIn, type SignInAnswer } from "./models/sign-in.ts";

const entry = (kind: EntryKind, body: EntryBody = {}): Entry => ({
  seq: 1,
  id: "e" as Entry["id"],
  kind,
  audience: "all",
  author: { kind: "system" },
  at: 0,
  body,
});

describe("catalogue", () => {
  it("says durations", () => {
    expect([0, 999, 59_999, 177_000, 3_600_000, -5].map(duration)).toEqual(["0:00", "0:00", "0:59", "2:57", "1:00:00", "0:00"]);
  });

  it("renders system entries from codes and parameters", () => {
    expect(words.entry(entry("offer_ended", { name: "Ben", cause: "timed_out" }))).toBe("Ben did not answer.");
    expect(words.entry(entry("offer_ended", { name: "Ben", cause: "agent_full" }))).toBe("Ben had no room any more.");
    expect(words.entry(entry("call_ended", { media: "video", seconds: 65 }))).toBe("The video call ended. It took 1:05.");
    expect(words.entry(entry("call_ended", { media: "video", cause: "unanswered" }))).toBe("The question for the video call was not answered.");
    expect(words.entry(entry("call_ended", { media: "audio", cause: "node_lost", seconds: 65 }))).toBe(
      "The audio call ended: the server that carried it was lost. It took 1:05.",
    );
    expect(words.entry(entry("call_ended", { media: "video", cause: "failed_setup" }))).toBe("The video call ended: it could not be connected.");
    expect(words.entry(entry("cobrowse_ended", { cause: "unanswered" }))).toBe("The question to see the page was not answered.");
    expect(words.entry(entry("cobrowse_ended", { cause: "page_gone" }))).toBe("Page sharing ended: the visitor's page was closed.");
    expect(words.entry(entry("call_refused", { media: "audio", by: "visitor", cause: "missing" }))).toContain("No camera or microphone");
    expect(words.entry(entry("ended", { by: "visitor" }))).toBe("The visitor ended the conversation.");
    expect(words.entry(entry("requeued", { cause: "signed_out", name: "Anna" }))).toBe("The conversation went back to the queue: its agent has signed out.");
    expect(words.entry(entry("requeued", { cause: "agent_disabled" }))).toBe("The conversation went back to the queue: its agent is not here any more.");
    expect(words.entry(entry("requeued", { cause: "left" }))).toBe("The conversation went back to the queue.");
  });

  it("says how a request ended as the card does", () => { // TEAM-1, TEAM-2, TEAM-3
    const ended = (body: EntryBody) => words.entry(entry("request_ended", { what: "transfer", to: "Ben", ...body }), (key) => (key === "busy" ? "Too busy" : undefined));
    expect(ended({ cause: "busy" })).toBe("Transfer to Ben was refused: Too busy.");
    expect(ended({ cause: "rejected" })).toBe("Transfer to Ben was refused.");
    expect(ended({ cause: "timed_out" })).toBe("Transfer to Ben: did not answer.");
    expect(ended({ cause: "agent_full" })).toBe("Transfer to Ben: had no room any more.");
    expect(ended({ cause: "withdrawn", what: "consult" })).toBe("Enquiry to Ben was taken back.");
    expect(ended({ cause: "expired", what: "invite", to: "Sales" })).toBe("Invitation to Sales: nobody took it in time.");
    expect(words.team.refused({ kind: "transfer", to: "Ben", cause: "busy" }, "Too busy")).toBe(ended({ cause: "busy" }));
  });

  it("tells visitors without a name apart", () => {
    expect(words.visitor("Maria", "0198-3f2c")).toBe("Maria");
    expect([words.visitor(undefined, "0198-3f2c"), words.visitor("", "0198-77aa")]).toEqual(["Visitor 3f2c", "Visitor 77aa"]);
  });

  it("says something for a kind and a cause of a later server", () => {
    expect(words.entry(entry("merged" as EntryKind))).toBe("merged");
    expect(words.entry(entry("offer_ended", { name: "Ben", cause: "new" }))).toBe("Ben no longer has the offer.");
    expect(words.state.notReady(words.reason("training"))).toBe("Not ready (training)");
  });
});

describe("sign-in", () => {
  const form = (answer: SignInAnswer) => {
    const entered: string[] = [];
    const model = new SignIn(() => Promise.resolve(answer), (me) => entered.push(me.name));
    model.email.value = " ann@example.com ";
    model.password.value = "secret";
    return { model, entered };
  };

  it("says what to do when it is refused, and keeps what was typed", async () => {
    const { model, entered } = form({ refused: "wrong" });
    await model.submit();
    expect(model.failure.value).toContain("Check both");
    expect([model.password.value, entered]).toEqual(["secret", []]);
  });

  it("enters, and forgets the password", async () => {
    const { model, entered } = form({ me: { agent: "a1", name: "Ann" } });
    await model.submit();
    expect([model.password.value, entered, model.failure.value]).toEqual(["", ["Ann"], ""]);
  });

  it("does not ask the server with an empty field", async () => {
    const { model } = form({ refused: "wrong" });
    model.password.value = "";
    await model.submit();
    expect(model.failure.value).toBe(words.signIn.missing);
  });
});
