/** Name of the function that a spied page hands its messages to. */
export const spyBinding = "__parlourDriverWire";

/**
 * Runs before any script of a document: every message that goes over a WebSocket, a DataChannel or a fetch body is
 * handed to the driver. Binary content is read as UTF-8, with replacement characters where it is not.
 */
export function spy(binding: string): void {
  /* eslint-disable @typescript-eslint/unbound-method -- what is replaced is called with the receiver of each call */
  type Way = "up" | "down";
  const hand = (via: string, way: Way, channel: string, text: string): void => {
    const tell: unknown = Reflect.get(globalThis, binding);
    if (typeof tell === "function") void (tell as (message: object) => unknown)({ frame: location.href, via, way, channel, text });
  };
  const read = (via: string, way: Way, channel: string, data: unknown): void => {
    if (typeof data === "string") hand(via, way, channel, data);
    else if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) hand(via, way, channel, new TextDecoder().decode(data));
    else if (data instanceof Blob) void data.text().then((text) => { hand(via, way, channel, text); });
  };

  const wsSend = WebSocket.prototype.send;
  WebSocket.prototype.send = function send(data): void {
    read("websocket", "up", this.url, data);
    wsSend.call(this, data);
  };
  globalThis.WebSocket = new Proxy(WebSocket, {
    construct(target, args): object {
      const socket: unknown = Reflect.construct(target, args);
      if (!(socket instanceof target)) throw new TypeError("not a WebSocket");
      socket.addEventListener("message", (event) => { read("websocket", "down", socket.url, event.data); });
      return socket;
    },
  });

  const listen = (channel: RTCDataChannel): void => {
    channel.addEventListener("message", (event) => { read("datachannel", "down", channel.label, event.data); });
  };
  const dcSend = RTCDataChannel.prototype.send;
  RTCDataChannel.prototype.send = function send(this: RTCDataChannel, data: never): void {
    read("datachannel", "up", this.label, data);
    dcSend.call(this, data);
  };
  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function createDataChannel(label, options): RTCDataChannel {
    const channel = create.call(this, label, options);
    listen(channel);
    return channel;
  };
  globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
    construct(target, args): object {
      const connection: unknown = Reflect.construct(target, args);
      if (!(connection instanceof target)) throw new TypeError("not a RTCPeerConnection");
      connection.addEventListener("datachannel", (event) => { listen(event.channel); });
      return connection;
    },
  });

  const plainFetch = globalThis.fetch;
  globalThis.fetch = function fetch(input, init): Promise<Response> {
    const address = input instanceof Request ? input.url : String(input);
    read("http", "up", address, init?.body);
    return plainFetch.call(globalThis, input, init);
  };
}
