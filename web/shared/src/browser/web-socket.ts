import type { Channel, DialSocket, Transport } from "../transport.ts";

/** The first byte of a binary message names its channel. */
const channelBytes = { cobrowse: 1, pointer: 2, bulk: 3 } as const satisfies Record<Channel, number>;
const channelOf = new Map<number, Channel>([
  [1, "cobrowse"],
  [2, "pointer"],
  [3, "bulk"],
]);
const maxWaiting = 1 << 20;

/** Dials a WebSocket at `/v1/connect` of the origin. Packets are refused while more than 1 MiB waits to leave. */
export function webSockets(origin: string): DialSocket {
  return (events) => {
    const socket = new WebSocket(`${origin.replace(/^http/, "ws")}/v1/connect`);
    socket.binaryType = "arraybuffer";
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      events.closed();
    };
    socket.onopen = () => ended || events.open();
    socket.onclose = socket.onerror = end;
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (ended) return;
      if (typeof data === "string") return events.text(data);
      const channel = channelOf.get(new Uint8Array(data, 0, 1)[0] ?? 0);
      if (channel) events.packet(channel, new Uint8Array(data, 1));
    };
    return {
      kind: "ws",
      send(data) {
        if (socket.readyState === WebSocket.OPEN) socket.send(data);
      },
      sendPacket(channel, data) {
        if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > maxWaiting) return false;
        const message = new Uint8Array(data.length + 1);
        message[0] = channelBytes[channel];
        message.set(data, 1);
        socket.send(message);
        return true;
      },
      waiting: () => socket.bufferedAmount,
      close() {
        ended = true;
        socket.close(1000);
      },
    } satisfies Transport;
  };
}
