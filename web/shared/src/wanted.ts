import type { CallItem } from "./protocol.gen.ts";

/** Which devices a leg opens: those that were on when we were in the call before (another page, another tab), else what its kind asks for. */
export function wantedDevices({ media, parties }: CallItem): { audio: boolean; video: boolean } {
  const own = parties?.find((p) => p.you);
  return own ? { audio: own.audio, video: own.video } : { audio: true, video: media === "video" };
}
