/** How many of each m-line a leg has, in the order of its first offer. The server relies on it: nothing is ever renegotiated. */
export const pool = { audio: 5, video: 5, screen: 2 } as const;

/** The transceivers of a leg by what they are for. */
export interface Pool {
  readonly microphone: RTCRtpTransceiver;
  readonly camera: RTCRtpTransceiver;
  readonly screen: RTCRtpTransceiver;
  readonly audio: readonly RTCRtpTransceiver[];
  readonly video: readonly RTCRtpTransceiver[];
  readonly screens: readonly RTCRtpTransceiver[];
}

/** Gives a fresh peer the whole pool: send microphone, camera, screen; receive 5 audio, 5 video, 2 screens. */
export function addPool(peer: RTCPeerConnection): Pool {
  const add = (kind: "audio" | "video", direction: "sendonly" | "recvonly"): RTCRtpTransceiver => {
    const transceiver = peer.addTransceiver(kind, { direction });
    preferCodecs(transceiver, kind);
    return transceiver;
  };
  const many = (n: number, kind: "audio" | "video"): RTCRtpTransceiver[] => Array.from({ length: n }, () => add(kind, "recvonly"));
  return {
    microphone: add("audio", "sendonly"),
    camera: add("video", "sendonly"),
    screen: add("video", "sendonly"),
    audio: many(pool.audio, "audio"),
    video: many(pool.video, "video"),
    screens: many(pool.screen, "video"),
  };
}

const wanted = { audio: ["audio/opus"], video: ["video/vp8", "video/rtx"] } as const;

/** One codec each, that every browser has: fifteen m-lines with all codecs would not fit a frame. */
function preferCodecs(transceiver: RTCRtpTransceiver, kind: "audio" | "video"): void {
  const codecs = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  const names: readonly string[] = wanted[kind];
  const ours = codecs.filter((c) => names.includes(c.mimeType.toLowerCase()));
  if (ours.some((c) => !c.mimeType.endsWith("rtx"))) transceiver.setCodecPreferences(ours);
}

const extensions = ["sdes:mid", "abs-send-time", "transport-wide-cc", "ssrc-audio-level"];

/**
 * Takes out of an offer what the server would not answer anyway, so that fifteen m-lines stay far below the size of a
 * frame. What is left out is then not in the answer, and both sides agree that it is not used.
 */
export function slimOffer(sdp: string): string {
  const kept = sdp.split("\r\n").filter((line) => {
    if (line.startsWith("a=extmap:")) return extensions.some((name) => line.includes(name));
    return !(line.startsWith("a=rtcp:") || line.includes("goog-remb") || line.startsWith("a=extmap-allow-mixed"));
  });
  return kept.join("\r\n");
}
