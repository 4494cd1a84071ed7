import { signal, type ReadonlySignal } from "@preact/signals-core";
import { jittered, type Clock } from "../clock.ts";
import { Refusal } from "../refusal.ts";
import { addPool, slimOffer, type Pool } from "./offer.ts";
import { deviceProblem, type Devices, type DeviceState } from "./devices.ts";

/** `lost`: it was up and is being joined anew. `ended`: closed by us, or refused for good, by the server or the browser. */
export type LegState = "connecting" | "up" | "lost" | "ended";

/** What a leg needs. */
export interface CallLegOptions {
  readonly clock: Clock;
  /** Left out: the browser's own, with everything in one bundle. */
  readonly newPeer?: () => RTCPeerConnection;
  readonly devices: Devices;
  /** Sends the offer as call.join, and gives the server's answer. */
  readonly join: (sdp: string) => Promise<string>;
  /** Sends a candidate that came after the offer had left. */
  readonly trickle: (candidate: string) => void;
  /** Tells which of our media are on: each time the leg comes up, and at each change while it is. */
  readonly mute: (audio: boolean, video: boolean) => void;
  readonly signal: AbortSignal;
}

const gatherWait = 200;
const connectWait = 12_000;
const lostWait = 2_000;
const maxBackoff = 5_000;

/** Which receive slot of `viewer`'s leg carries `party`. */
export function slotOf(party: number, viewer: number): number {
  return party < viewer ? party : party - 1;
}

/**
 * A CallLeg is our end of a call: a PeerConnection of its own whose first offer has all m-lines there will ever be, so
 * mute, camera and parties that come and go never renegotiate. When it breaks, it joins anew with the same devices.
 */
export class CallLeg {
  readonly #o: CallLegOptions;
  readonly #state = signal<LegState>("connecting");
  readonly #microphone = signal<DeviceState>("off");
  readonly #camera = signal<DeviceState>("off");
  readonly #preview = signal<MediaStream | undefined>(undefined);
  readonly #streams = signal<readonly MediaStream[]>([]);
  readonly #life = new AbortController();
  #peer: RTCPeerConnection | undefined;
  #pool: Pool | undefined;
  #mic: MediaStreamTrack | undefined;
  #cam: MediaStreamTrack | undefined;
  #failures = 0;
  #stops: (() => void)[] = [];

  constructor(options: CallLegOptions) {
    this.#o = options;
    options.signal.addEventListener("abort", () => this.close(), { once: true });
  }

  get state(): ReadonlySignal<LegState> {
    return this.#state;
  }
  get microphone(): ReadonlySignal<DeviceState> {
    return this.#microphone;
  }
  get camera(): ReadonlySignal<DeviceState> {
    return this.#camera;
  }
  /** What our camera sees, while it is on. */
  get preview(): ReadonlySignal<MediaStream | undefined> {
    return this.#preview;
  }
  /** One stream per receive slot (see slotOf), with audio and video; they change when the leg joins anew. */
  get streams(): ReadonlySignal<readonly MediaStream[]> {
    return this.#streams;
  }

  /** Connects and asks for the devices at the same time. A device that is refused or missing leaves the leg as it is. */
  start(want: { audio: boolean; video: boolean }): void {
    this.#joinAnew();
    if (!this.#life.signal.aborted) void this.#openDevices(want); // problems become device states
  }

  async #openDevices(want: { audio: boolean; video: boolean }): Promise<void> {
    if (want.audio && want.video) {
      this.#microphone.value = this.#camera.value = "asking";
      try {
        for (const track of await this.#o.devices.both()) this.#opened(track);
        return this.#tellMute();
      } catch {
        // One of the two is the problem: ask one by one to learn which.
      }
    }
    if (want.audio) await this.#open("audio");
    if (want.video) await this.#open("video");
    this.#tellMute();
  }

  async #open(kind: "audio" | "video"): Promise<void> {
    const state = kind === "audio" ? this.#microphone : this.#camera;
    state.value = "asking";
    try {
      this.#opened(await this.#o.devices.open(kind));
    } catch (error) {
      state.value = deviceProblem(error);
    }
  }

  #opened(track: MediaStreamTrack): void {
    if (this.#life.signal.aborted) return track.stop();
    const audio = track.kind === "audio";
    if (audio) {
      this.#mic?.stop();
      this.#mic = track;
    } else {
      this.#cam?.stop();
      this.#cam = track;
      this.#preview.value = new MediaStream([track]);
    }
    (audio ? this.#microphone : this.#camera).value = "on";
    track.onended = () => this.#ended(track);
    void this.#send();
  }

  /** The device went away by itself: unplugged, or taken by the system. */
  #ended(track: MediaStreamTrack): void {
    if (track === this.#mic) {
      this.#mic = undefined;
      this.#microphone.value = "missing";
    } else if (track === this.#cam) {
      this.#cam = undefined;
      this.#preview.value = undefined;
      this.#camera.value = "missing";
    } else return;
    void this.#send();
    this.#tellMute();
  }

  /** Mutes or unmutes. The device stays open, so that unmuting is immediate. */
  async setMicrophone(on: boolean): Promise<void> {
    if (on && !this.#mic) await this.#open("audio");
    else if (this.#mic) this.#microphone.value = on ? "on" : "off";
    if (this.#mic) this.#mic.enabled = this.#microphone.value === "on";
    await this.#send();
    this.#tellMute();
  }

  /** Switches the camera. Off means off: the device is let go and its light goes out. */
  async setCamera(on: boolean): Promise<void> {
    if (on && !this.#cam) await this.#open("video");
    else if (!on) {
      this.#cam?.stop();
      this.#cam = undefined;
      this.#preview.value = undefined;
      this.#camera.value = "off";
    }
    await this.#send();
    this.#tellMute();
  }

  async #send(): Promise<void> {
    const mic = this.#microphone.value === "on" ? this.#mic : undefined;
    await Promise.all([this.#pool?.microphone.sender.replaceTrack(mic ?? null), this.#pool?.camera.sender.replaceTrack(this.#cam ?? null)]).catch(
      () => undefined, // the peer was closed meanwhile; the next one sends them
    );
  }

  /** Before the leg is up the server may not know of it yet; coming up tells. */
  #tellMute(): void {
    if (this.#state.value === "up") this.#o.mute(this.#microphone.value === "on", this.#camera.value === "on");
  }

  // -- joining --

  #joinAnew(): void {
    if (this.#life.signal.aborted) return;
    this.#drop();
    let peer: RTCPeerConnection;
    try {
      peer = this.#o.newPeer?.() ?? new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    } catch {
      return this.close(); // the browser is kept from it, or has no more to give
    }
    this.#peer = peer;
    this.#pool = addPool(peer);
    const { audio, video } = this.#pool;
    this.#streams.value = audio.map((a, slot) => new MediaStream([a, video[slot]].flatMap((t) => (t ? [t.receiver.track] : []))));
    void this.#send();
    peer.onconnectionstatechange = () => this.#changed(peer);
    this.#later(connectWait, () => peer.connectionState !== "connected" && this.#again());
    this.#join(peer).catch((reason: unknown) => {
      if (peer !== this.#peer) return;
      if (reason instanceof Refusal && !reason.retry) this.close();
      else this.#again();
    });
  }

  async #join(peer: RTCPeerConnection): Promise<void> {
    let left = false;
    const gathered = new Promise<void>((resolve) => {
      peer.onicecandidate = ({ candidate }) => {
        if (!candidate) resolve();
        else if (left && candidate.candidate) this.#o.trickle(candidate.candidate);
      };
      this.#later(gatherWait, resolve);
    });
    await peer.setLocalDescription();
    await gathered;
    left = true;
    const sdp = await this.#o.join(slimOffer(peer.localDescription?.sdp ?? ""));
    if (peer === this.#peer) await peer.setRemoteDescription({ type: "answer", sdp });
  }

  #changed(peer: RTCPeerConnection): void {
    if (peer !== this.#peer) return;
    switch (peer.connectionState) {
      case "connected":
        this.#failures = 0;
        this.#state.value = "up";
        this.#tellMute();
        return;
      case "disconnected":
        this.#state.value = "lost";
        return this.#later(lostWait, () => peer.connectionState === "disconnected" && this.#again());
      case "failed":
      case "closed":
        this.#state.value = "lost";
        return this.#again();
    }
  }

  #again(): void {
    this.#drop();
    if (this.#state.value === "up") this.#state.value = "lost";
    this.#later(jittered(this.#o.clock, Math.min(200 * 2 ** this.#failures++, maxBackoff)), () => this.#joinAnew());
  }

  #later(ms: number, run: () => void): void {
    this.#stops.push(this.#o.clock.after(ms, run));
  }

  #drop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    const peer = this.#peer;
    this.#peer = this.#pool = undefined;
    if (!peer) return;
    peer.onconnectionstatechange = peer.onicecandidate = null;
    peer.close();
  }

  /** Ends the leg and lets the devices go. Safe to call twice. */
  close(): void {
    if (this.#life.signal.aborted) return;
    this.#life.abort();
    this.#drop();
    this.#mic?.stop();
    this.#cam?.stop();
    this.#preview.value = undefined;
    this.#streams.value = [];
    this.#microphone.value = this.#camera.value = "off";
    this.#state.value = "ended";
  }
}
