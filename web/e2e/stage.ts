import { afterAll, afterEach } from "vitest";

import { Desk } from "./desk.ts";
import { Artifacts, openBrowser, type Browser, type BrowserOptions, type Page } from "./driver/index.ts";
import { Server, type ServerOptions } from "./server.ts";
import { Visitor } from "./visitor.ts";

type Seat = Omit<BrowserOptions, "who" | "artifacts">;

/**
 * The people and servers of one story. Made inside a `describe`: what it opened is closed at the end, in the reverse
 * order, and when a test fails every page leaves a screenshot in the artifacts.
 */
export class Stage {
  readonly artifacts: Artifacts;
  readonly #open: { close(): Promise<unknown> }[] = [];
  readonly #pages: Page[] = [];

  constructor(story: string) {
    this.artifacts = new Artifacts(story);
    afterEach(async ({ task }) => {
      if (task.result?.state === "fail") await Promise.all(this.#pages.map((one) => one.screenshot("failed").catch(() => undefined)));
    });
    afterAll(async () => {
      for (const one of this.#open.reverse()) await one.close().catch(() => undefined); // one that is gone must not keep the others open
    });
  }

  /** Closes it at the end of the story. */
  keep<T extends { close(): Promise<unknown> }>(part: T): T {
    this.#open.push(part);
    return part;
  }

  /** A server of the story's own. */
  async server(options: Omit<ServerOptions, "artifacts"> = {}): Promise<Server> {
    return this.keep(await Server.start({ ...options, artifacts: this.artifacts }));
  }

  /** A browser process of somebody's own. */
  async browser(who: string, seat: Seat = {}): Promise<Browser> {
    return this.keep(await openBrowser({ ...seat, who, artifacts: this.artifacts }));
  }

  /** A tab, photographed when the story fails. */
  async page(who: string, seat: Seat = {}): Promise<Page> {
    const page = await (await this.browser(who, seat)).page();
    this.#pages.push(page);
    return page;
  }

  async visitor(who = "visitor", seat: Seat = {}): Promise<Visitor> {
    return new Visitor(await this.page(who, seat));
  }

  async desk(who = "agent", seat: Seat = {}): Promise<Desk> {
    return new Desk(await this.page(who, seat));
  }
}
