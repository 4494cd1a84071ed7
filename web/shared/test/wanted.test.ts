import { expect, test } from "vitest";
import { wantedDevices, type CallItem } from "../src/index.ts";

const item = (part: Partial<CallItem>): CallItem => ({ call: "1" as never, conversation: "c" as never, media: "video", state: "running", askedBy: "agent", askedByName: "Anna", ...part });
const party = { ordinal: 0, side: "visitor", name: "Vera", here: false, audio: true, video: true } as const;

test("who comes back to a call is as muted as before; who comes first opens what its kind asks for", () => { // CALL-6
  expect(wantedDevices(item({}))).toEqual({ audio: true, video: true });
  expect(wantedDevices(item({ media: "audio", parties: [{ ...party, audio: false }] }))).toEqual({ audio: true, video: false });
  expect(wantedDevices(item({ parties: [party, { ...party, ordinal: 1, you: true, audio: false }] }))).toEqual({ audio: false, video: true });
  expect(wantedDevices(item({ media: "audio", parties: [{ ...party, you: true, audio: false, video: true }] }))).toEqual({ audio: false, video: true });
  expect(wantedDevices(item({ parties: [{ ...party, you: true, video: false }] }))).toEqual({ audio: true, video: false });
});
