import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CallLeg, type Devices } from "../src/browser/index.ts";
import { FakeClock, settle } from "./fake-clock.ts";

class FakeTrack {
  readonly kind: string;
  enabled = true;
  onended: (() => void) | null = null;
  constructor(kind: string) {
    this.kind = kind;
  }
  stop(): void {
    this.enabled = false;
  }
}

class FakePeer {
  connectionState = "new";
  localDescription = { sdp: "offer" };
  onconnectionstatechange: (() => void) | null = null;
  onicecandidate: ((event: { candidate: null }) => void) | null = null;
  addTransceiver(kind: string): object {
    return { sender: { replaceTrack: () => Promise.resolve() }, receiver: { track: new FakeTrack(kind) } };
  }
  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
  }
  async setRemoteDescription(): Promise<void> {
    await Promise.resolve();
  }
  close(): void {
    this.connectionState = "closed";
  }
  becomes(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

const peers: FakePeer[] = [];
const told: [boolean, boolean][] = [];
const end = new AbortController();
const clock = new FakeClock();

function leg(devices: Devices, refused?: Error): CallLeg {
  return new CallLeg({
    clock,
    newPeer: () => {
      if (refused) throw refused;
      const peer = new FakePeer();
      peers.push(peer);
      return peer as unknown as RTCPeerConnection;
    },
    devices,
    join: () => Promise.resolve("answer"),
    trickle: () => undefined,
    mute: (audio, video) => told.push([audio, video]),
    signal: end.signal,
  });
}

const both: Devices = {
  open: (kind) => Promise.resolve(new FakeTrack(kind) as unknown as MediaStreamTrack),
  both: () => Promise.resolve(["audio", "video"].map((kind) => new FakeTrack(kind) as unknown as MediaStreamTrack)),
};

beforeEach(() => {
  vi.stubGlobal("RTCRtpReceiver", { getCapabilities: () => null });
  vi.stubGlobal("MediaStream", Object);
});
afterEach(() => {
  vi.unstubAllGlobals();
  peers.length = told.length = 0;
});

// CALL-3, CALL-6
test("what is on is told when the leg is up, never before the server knows of it", async () => {
  const it = leg(both);
  it.start({ audio: true, video: true });
  await settle();
  expect([it.microphone.value, it.camera.value]).toEqual(["on", "on"]);
  await it.setCamera(false); // while it connects
  await clock.pass(300);
  expect(told).toEqual([]);

  peers[0]?.becomes("connected");
  expect(told).toEqual([[true, false]]);
  await it.setMicrophone(false);
  expect(told).toEqual([[true, false], [false, false]]);

  peers[0]?.becomes("failed");
  await it.setMicrophone(true);
  await clock.pass(5_000);
  expect(told.length).toBe(2);
  peers[1]?.becomes("connected");
  expect(told.slice(2)).toEqual([[true, false]]);

  it.close();
  await it.setMicrophone(false);
  expect([it.state.value, told.length]).toEqual(["ended", 3]);
});

test("a leg that the browser gives no PeerConnection ends, and leaves no camera on", async () => {
  const one = leg(both, new Error("Cannot create so many PeerConnections"));
  one.start({ audio: true, video: true });
  await settle();
  expect([one.state.value, one.microphone.value, one.camera.value, one.preview.value]).toEqual(["ended", "off", "off", undefined]);
});
