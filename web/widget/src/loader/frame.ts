import type { FromPanel, Handshake, ToPanel } from "../port.ts";

/**
 * The panel's iframe and the port to it. The port is given to exactly the panel's origin; it speaks only after the panel
 * has answered over it, and a reload of the panel gets a port of its own.
 */
export class PanelFrame {
  readonly element: HTMLIFrameElement;
  readonly #origin: string;
  readonly #hear: (message: FromPanel) => void;
  #port: MessagePort | undefined;

  /** `hear` takes what the panel says, "ready" first. */
  constructor(address: string, title: string, hear: (message: FromPanel) => void) {
    this.#origin = new URL(address).origin;
    this.#hear = hear;
    this.element = document.createElement("iframe");
    this.element.title = title;
    this.element.allow = "camera; microphone; display-capture; autoplay";
    this.element.addEventListener("load", () => this.#offer());
    this.element.src = address;
  }

  #offer(): void {
    this.#port?.close();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<FromPanel>) => this.#hear(data);
    const hello: Handshake = { parlour: "port" };
    this.element.contentWindow?.postMessage(hello, this.#origin, [port2]);
  }

  /** Sends to the panel; before it is there, nothing is kept: `begin` tells it all. */
  send(message: ToPanel, transfer: Transferable[] = []): void {
    this.#port?.postMessage(message, transfer);
  }
}
