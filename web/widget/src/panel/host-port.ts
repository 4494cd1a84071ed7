import type { FromPanel, Handshake, ToPanel } from "../port.ts";

/** The part of a window that the handshake needs. */
export interface Embedded {
  readonly parent: unknown;
  addEventListener(type: "message", listener: (event: MessageEvent<unknown>) => void, options: { signal: AbortSignal }): void;
}

/** The way to the page that embeds us, once its port has come. */
export class HostPort {
  #port: MessagePort | undefined;

  /**
   * Takes a port only from our parent window and only when its origin is one of the site's (S4); anything else is not
   * answered. A later port of the same parent replaces the first.
   */
  constructor(window: Embedded, origins: readonly string[], hear: (message: ToPanel) => void, signal: AbortSignal) {
    window.addEventListener(
      "message",
      (event) => {
        if (event.source !== window.parent || !origins.includes(event.origin)) return;
        const [port] = event.ports;
        if ((event.data as Partial<Handshake> | null)?.parlour !== "port" || !port) return;
        this.#port?.close();
        this.#port = port;
        port.onmessage = ({ data }: MessageEvent<ToPanel>) => hear(data);
        this.send({ kind: "ready" });
      },
      { signal },
    );
  }

  /** Tells the page something; before its port has come it is lost. */
  send(message: FromPanel): void {
    this.#port?.postMessage(message);
  }
}
