import type { Clock, SiteItem } from "../../../shared/src/index.ts";
import type { Rest } from "./rest.ts";

const every = 5_000;

/** What a SiteStatus needs of the panel. */
export interface SiteStatusPorts {
  readonly clock: Clock;
  readonly rest: Rest;
  /** The site's key. */
  readonly site: string;
  readonly heard: (site: SiteItem) => void;
}

/** Asks how a site is, again and again, while there is no connection that tells. */
export class SiteStatus {
  readonly #ports: SiteStatusPorts;
  #stop: (() => void) | undefined;

  constructor(ports: SiteStatusPorts) {
    this.#ports = ports;
  }

  /** Asks at once and every 5 s while it is wanted. */
  watch(wanted: boolean): void {
    this.#stop?.();
    this.#stop = undefined;
    if (!wanted) return;
    const { clock, rest, site, heard } = this.#ports;
    rest.status(site).then(heard, () => undefined); // unknown is not shown; the next one tells
    this.#stop = clock.after(every, () => this.watch(wanted));
  }
}
