import { afterEach, describe, expect, test, vi } from "vitest";
import { dataChannels, watchPage } from "../src/browser/index.ts";
import type { TransportEvents } from "../src/transport.ts";

class FakePeer {
  connectionState = "new";
  closed = false;
  localDescription = { sdp: "offer" };
  onconnectionstatechange: (() => void) | null = null;
  onicecandidate: (() => void) | null = null;
  createDataChannel(): { readyState: string } {
    return { readyState: "connecting" };
  }
  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
  }
  async setRemoteDescription(): Promise<void> {
    await Promise.resolve();
  }
  close(): void {
    this.closed = true;
  }
}

const events: TransportEvents = { open: () => undefined, text: () => undefined, packet: () => undefined, closed: () => undefined };

afterEach(() => vi.unstubAllGlobals());

describe("DataChannels", () => {
  test("tell the server that they end by a request that outlives the page, with the secret in a header", async () => {
    const asked: { url: string; init: RequestInit }[] = [];
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
      asked.push({ url, init });
      const answer = { status: 201, url, headers: new Headers({ Location: "/v1/connections/c/transports/t" }), text: () => Promise.resolve("answer") };
      return Promise.resolve(answer);
    });
    const peer = new FakePeer();
    const transport = dataChannels("https://chat.example", () => peer as unknown as RTCPeerConnection)?.(events, { connection: "c", secret: "s" });
    await vi.waitFor(() => expect(asked.length).toBe(1));
    await new Promise((done) => setTimeout(done));
    transport?.close();
    transport?.close();
    expect(peer.closed).toBe(true);
    expect(asked.slice(1)).toEqual([
      { url: "https://chat.example/v1/connections/c/transports/t", init: { method: "DELETE", headers: { Authorization: "Bearer s" }, keepalive: true } },
    ]);
  });
});

test("a browser without WebRTC has no DataChannels, and says so before anything is tried", () => {
  expect(dataChannels("https://chat.example")).toBeUndefined();
});

describe("a page", () => {
  test("tells when it goes, when it comes back, and when a retry is worth it", () => {
    const page = new EventTarget();
    const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    vi.stubGlobal("document", document);
    const told: string[] = [];
    const life = new AbortController();
    watchPage({ nudge: () => told.push("nudge"), leave: () => told.push("leave"), back: () => told.push("back") }, life.signal);
    const happen = (kind: string, more: object = {}): boolean => page.dispatchEvent(Object.assign(new Event(kind), more));
    happen("pageshow", { persisted: false });
    happen("pagehide", { persisted: true });
    happen("pageshow", { persisted: true });
    happen("online");
    document.dispatchEvent(new Event("visibilitychange"));
    expect(told).toEqual(["nudge", "leave", "back", "nudge", "nudge"]);
    life.abort();
    happen("pagehide");
    expect(told.length).toBe(5);
  });
});
