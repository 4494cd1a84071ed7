/** The binary channels of a connection; main carries text frames. */
export type Channel = "cobrowse" | "pointer" | "bulk";

/** What a transport tells. After `closed` it tells nothing more. */
export interface TransportEvents {
  /** Frames can be sent now. */
  open(): void;
  text(data: string): void;
  packet(channel: Channel, data: Uint8Array<ArrayBuffer>): void;
  /** It is gone for good: closed, failed, disconnected, or could not be opened. Told once. */
  closed(): void;
}

/** One way to the server. It is made by dialling, and ends by `close` or by telling `closed`. */
export interface Transport {
  readonly kind: "ws" | "dc";
  /** Sends a frame. Before `open` and after the end it does nothing: what must arrive is kept by the outbox. */
  send(data: string): void;
  /** Sends a packet; false when it was not taken (channel not open, or too much waits already). */
  sendPacket(channel: Channel, data: Uint8Array<ArrayBuffer>): boolean;
  /** Bytes that wait to leave on a channel. */
  waiting(channel: Channel): number;
  /** Ends it at once; `closed` is not told for it. Safe to call twice. */
  close(): void;
}

/** What is needed to add DataChannels to a connection. */
export interface Credentials {
  readonly connection: string;
  readonly secret: string;
}

/** Opens a WebSocket to the server. */
export type DialSocket = (events: TransportEvents) => Transport;
/** Opens DataChannels for a connection that is live already. */
export type DialChannels = (events: TransportEvents, credentials: Credentials) => Transport;
