import { captureKey, type Capture, type StartCapture } from "../port.ts";
import { loaderStrings as words } from "../strings.ts";
import { make } from "./elements.ts";

/** What the frame around the page is told by the panel. */
export interface SharingState {
  readonly cobrowse: string;
  readonly agent: string;
  readonly watchers: number;
  readonly mask: readonly string[];
}

/** What a Sharing gives back. */
export interface SharingPorts {
  readonly origin: string;
  readonly own: string;
  readonly packet: (data: ArrayBuffer) => void;
  readonly stop: (cobrowse: string) => void;
  readonly failed: (cobrowse: string) => void;
}

/** The visible frame around a shared page, its Stop, and the capture behind it. The capture's code is loaded only here: after consent. */
export class Sharing {
  readonly #ports: SharingPorts;
  readonly #edge = make("div", { class: "edge", "aria-hidden": "true" });
  readonly #text = make("span");
  readonly #watchers = make("span", { class: "quiet" });
  readonly #said = make("div", { class: "said", role: "status" });
  readonly #bar: HTMLElement;
  #now: string | undefined;
  #capture: Capture | undefined;

  constructor(root: Node, ports: SharingPorts) {
    this.#ports = ports;
    const stop = make("button", { type: "button" }, words.stopSharing);
    stop.addEventListener("click", () => {
      const id = this.#now;
      this.end(); // at once, whatever the network does
      if (id) ports.stop(id);
    });
    this.#bar = make("div", { class: "bar", role: "region", "aria-label": words.sharingRegion }, this.#text, this.#watchers, stop);
    root.appendChild(this.#edge);
    root.appendChild(this.#bar);
    root.appendChild(this.#said);
    this.#edge.hidden = this.#bar.hidden = true;
  }

  /** Shows the frame and captures, or follows a change of it. */
  run(state: SharingState): void {
    this.#text.textContent = words.sharing(state.agent);
    this.#watchers.textContent = words.watchers(state.watchers);
    if (this.#now === state.cobrowse) return;
    this.end();
    this.#now = state.cobrowse;
    this.#edge.hidden = this.#bar.hidden = false;
    this.#said.textContent = words.sharing(state.agent);
    this.#begin(state).catch(() => {
      if (this.#now !== state.cobrowse) return;
      this.end();
      this.#ports.failed(state.cobrowse);
    });
  }

  async #begin({ cobrowse, mask }: SharingState): Promise<void> {
    const start = await this.#load();
    if (this.#now !== cobrowse) return; // stopped meanwhile
    this.#capture = start({ cobrowse, mask, own: this.#ports.own, emit: (data) => this.#ports.packet(data) });
  }

  /** The server or the way to it asks for a whole picture. */
  snapshot(): void {
    this.#capture?.snapshot();
  }

  end(): void {
    this.#capture?.stop();
    this.#capture = undefined;
    if (!this.#now) return;
    this.#now = undefined;
    this.#edge.hidden = this.#bar.hidden = true;
    this.#said.textContent = words.sharingEnded;
  }

  #load(): Promise<StartCapture> {
    const registry = window as unknown as Record<typeof captureKey, StartCapture | undefined>;
    return new Promise((resolve, reject) => {
      const known = registry[captureKey];
      if (known) return resolve(known);
      const script = make("script", { src: `${this.#ports.origin}/cobrowse.js` });
      script.onload = () => {
        script.remove();
        const start = registry[captureKey];
        if (start) resolve(start);
        else reject(new Error("the capture did not register"));
      };
      script.onerror = () => {
        script.remove();
        reject(new Error("the page refused the capture"));
      };
      document.head.append(script);
    });
  }
}
