/** Why a device is not there: the person or the page refused it, there is none, another program holds it, or it cannot be. */
export type DeviceProblem = "refused" | "missing" | "busy" | "unsupported";

/** Where a device of ours stands. */
export type DeviceState = "off" | "asking" | "on" | DeviceProblem;

/** Reads the browser's error as a kind that can be told to the person. */
export function deviceProblem(error: unknown): DeviceProblem {
  switch (error instanceof Error ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "refused";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "unsupported";
  }
}

/** Whether a state tells of a problem. */
export function isProblem(state: DeviceState): state is DeviceProblem {
  return state === "refused" || state === "missing" || state === "busy" || state === "unsupported";
}

/** The browser's devices, passed in so that tests can play them. */
export interface Devices {
  open(kind: "audio" | "video"): Promise<MediaStreamTrack>;
  /** Both with one question; a missing one is told by leaving it out, the problem by `open`. */
  both(): Promise<MediaStreamTrack[]>;
}

const camera: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const microphone: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

async function ask(constraints: MediaStreamConstraints): Promise<MediaStreamTrack[]> {
  // Where the page is not secure the browser has no devices at all, whatever the types say.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new Error("no devices here");
  return (await devices.getUserMedia(constraints)).getTracks();
}

/** The devices of this page. */
export const browserDevices: Devices = {
  async open(kind) {
    const [track] = await ask(kind === "audio" ? { audio: microphone } : { video: camera });
    if (!track) throw new DOMException("no track", "NotFoundError");
    return track;
  },
  both: () => ask({ audio: microphone, video: camera }),
};
