import { Replayer, type playerConfig } from "@rrweb/replay";
import type { CobrowseEngine, EngineEvents, Viewport } from "./engine.ts";
import { restamp, worthApplying, type PageEvent } from "./page-event.ts";

/** The replayer keeps every event it has seen; past this many its list is cut down to the first. */
const keptEvents = 256;

const quiet = { log: () => undefined, warn: () => undefined };

/** The engine of @rrweb/replay in live mode: a new replayer for each snapshot, each in a frame without scripts. */
export class RrwebEngine implements CobrowseEngine {
  readonly #root: HTMLElement;
  readonly #events: EngineEvents;
  readonly #now: () => number;
  #replayer: Replayer | undefined;

  /** now is the viewer's own monotonic clock in milliseconds. */
  constructor(root: HTMLElement, events: EngineEvents, now: () => number) {
    this.#root = root;
    this.#events = events;
    this.#now = now;
  }

  begin(snapshot: readonly PageEvent[]): void {
    this.close();
    const replayer = new Replayer([], config(this.#root));
    this.#replayer = replayer;
    replayer.iframe.title = document.title; // for those who hear frames by name
    replayer.on("resize", (size) => {
      if (this.#replayer === replayer && isViewport(size)) this.#events.viewport(size);
    });
    replayer.on("fullsnapshot-rebuilded", () => {
      if (this.#replayer === replayer) this.#events.painted();
    });
    replayer.startLive(this.#now());
    this.apply(snapshot);
  }

  apply(events: readonly PageEvent[]): void {
    const replayer = this.#replayer;
    if (replayer === undefined) return;
    const seen = replayer.service.state.context.events;
    if (seen.length > keptEvents) seen.length = 1;
    const now = this.#now();
    for (const event of events) {
      const stamped = restamp(event, now);
      if (worthApplying(stamped)) replayer.addEvent(stamped);
    }
  }

  close(): void {
    const replayer = this.#replayer;
    this.#replayer = undefined;
    if (replayer === undefined) return;
    replayer.timer.clear();
    replayer.destroy();
    replayer.resetCache();
  }
}

function config(root: HTMLElement): Partial<playerConfig> {
  return {
    root,
    liveMode: true,
    useVirtualDom: false,
    mouseTail: false,
    pauseAnimation: false,
    triggerFocus: false,
    showWarning: false,
    showDebug: false,
    logger: quiet,
  };
}

function isViewport(size: unknown): size is Viewport {
  if (typeof size !== "object" || size === null || !("width" in size) || !("height" in size)) return false;
  return typeof size.width === "number" && typeof size.height === "number" && size.width > 0 && size.height > 0;
}
