import type { Channel, Credentials, DialChannels, Transport, TransportEvents } from "../transport.ts";

const openTimeout = 10_000;
const maxWaiting = 1 << 20;
const candidateBatch = 50;

/**
 * Adds DataChannels to a live connection by a WHIP-shaped exchange: POST offer, 201 with answer, PATCH candidates, DELETE.
 * Undefined where the browser has no WebRTC, or is kept from it by a policy or an extension.
 */
export function dataChannels(origin: string, newPeer = browserPeer()): DialChannels | undefined {
  return newPeer && ((events, credentials) => new DataChannels(origin, newPeer(), events, credentials));
}

function browserPeer(): (() => RTCPeerConnection) | undefined {
  return typeof RTCPeerConnection === "function" ? () => new RTCPeerConnection() : undefined;
}

class DataChannels implements Transport {
  readonly kind = "dc";
  readonly #peer: RTCPeerConnection;
  readonly #events: TransportEvents;
  readonly #main: RTCDataChannel;
  readonly #packets = new Map<Channel, RTCDataChannel>();
  readonly #address: string;
  readonly #headers: { Authorization: string };
  readonly #abort = new AbortController();
  #resource: string | undefined;
  #candidates: RTCIceCandidate[] = [];
  #batch: ReturnType<typeof setTimeout> | undefined;

  constructor(origin: string, peer: RTCPeerConnection, events: TransportEvents, { connection, secret }: Credentials) {
    this.#peer = peer;
    this.#events = events;
    this.#address = `${origin}/v1/connections/${connection}/transports`;
    this.#headers = { Authorization: `Bearer ${secret}` };
    this.#main = this.#channel("main", {});
    this.#packets.set("cobrowse", this.#channel("cobrowse", {}));
    this.#packets.set("pointer", this.#channel("pointer", { ordered: false, maxRetransmits: 0 }));
    this.#packets.set("bulk", this.#channel("bulk", {}));
    this.#main.onopen = () => {
      clearTimeout(timer);
      if (!this.#abort.signal.aborted) events.open();
    };
    this.#main.onmessage = ({ data }: MessageEvent<unknown>) => typeof data === "string" && events.text(data);
    this.#main.onclose = this.#main.onerror = () => this.#end();
    for (const [name, channel] of this.#packets) {
      channel.onmessage = ({ data }: MessageEvent<unknown>) => data instanceof ArrayBuffer && events.packet(name, new Uint8Array(data));
    }
    peer.onconnectionstatechange = () => {
      if (["disconnected", "failed", "closed"].includes(peer.connectionState)) this.#end();
    };
    peer.onicecandidate = ({ candidate }) => candidate && this.#trickle(candidate);
    const timer = setTimeout(() => this.#end(), openTimeout);
    this.#abort.signal.addEventListener("abort", () => clearTimeout(timer));
    this.#exchange().catch(() => this.#end());
  }

  #channel(label: string, init: RTCDataChannelInit): RTCDataChannel {
    const channel = this.#peer.createDataChannel(label, init);
    channel.binaryType = "arraybuffer";
    return channel;
  }

  async #exchange(): Promise<void> {
    await this.#peer.setLocalDescription();
    const response = await fetch(this.#address, {
      method: "POST",
      headers: { ...this.#headers, "Content-Type": "application/sdp" },
      body: this.#peer.localDescription?.sdp ?? "",
      signal: this.#abort.signal,
    });
    if (response.status !== 201) throw new Error(`the server answered ${response.status}`);
    const sdp = await response.text();
    const location = response.headers.get("Location");
    this.#resource = location ? new URL(location, response.url).href : undefined;
    await this.#peer.setRemoteDescription({ type: "answer", sdp });
    if (this.#candidates.length > 0) void this.#sendCandidates(); // its failure shows as no connection
  }

  #trickle(candidate: RTCIceCandidate): void {
    this.#candidates.push(candidate);
    this.#batch ??= setTimeout(() => void this.#sendCandidates(), candidateBatch); // as above
  }

  async #sendCandidates(): Promise<void> {
    clearTimeout(this.#batch);
    this.#batch = undefined;
    if (!this.#resource || this.#abort.signal.aborted || this.#candidates.length === 0) return;
    const local = this.#peer.localDescription?.sdp ?? "";
    const line = (start: string): string => local.split("\r\n").find((l) => l.startsWith(start)) ?? "";
    const lines = [line("a=ice-ufrag:"), line("a=ice-pwd:"), line("m="), line("a=mid:")];
    for (const { candidate } of this.#candidates.splice(0)) if (candidate) lines.push(`a=${candidate}`);
    const body = lines.join("\r\n") + "\r\n";
    const headers = { ...this.#headers, "Content-Type": "application/trickle-ice-sdpfrag" };
    // The server finds us by our checks even when this is lost.
    await fetch(this.#resource, { method: "PATCH", headers, body, signal: this.#abort.signal }).catch(() => undefined);
  }

  #end(): void {
    if (this.#abort.signal.aborted) return;
    this.close();
    this.#events.closed();
  }

  send(data: string): void {
    if (this.#main.readyState === "open") this.#main.send(data);
  }

  sendPacket(channel: Channel, data: Uint8Array<ArrayBuffer>): boolean {
    const to = this.#packets.get(channel);
    if (to?.readyState !== "open" || to.bufferedAmount > maxWaiting) return false;
    to.send(data);
    return true;
  }

  waiting(channel: Channel): number {
    return this.#packets.get(channel)?.bufferedAmount ?? 0;
  }

  close(): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    clearTimeout(this.#batch);
    this.#peer.close();
    // Without this the server notices by itself, only later.
    if (this.#resource) void fetch(this.#resource, { method: "DELETE", headers: this.#headers, keepalive: true }).catch(() => undefined);
  }
}
