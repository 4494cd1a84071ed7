import type { CallLeg } from "../../shared/src/browser/index.ts";
import { FakeClock, settle } from "../../shared/test/fake-clock.ts";
import { FakeServer } from "../../shared/test/fake-server.ts";
import type { FromPanel, ToPanel } from "../src/port.ts";
import { PanelModel } from "../src/panel/panel-model.ts";
import { VisitorStore, type Place } from "../src/panel/visitor-store.ts";

/** One tab: a panel, and its own way to the server. */
export interface Tab {
  readonly panel: PanelModel;
  readonly server: FakeServer;
  readonly told: FromPanel[];
}

/** The tabs of one browser at one shop, with the storage that all of them share. */
export class Shop {
  readonly clock = new FakeClock(3);
  stored: string | null = null;
  tabs: Tab[] = [];
  /** Answers the requests for a visitor that are under way, in their order. */
  made: (() => void)[] = [];
  /** Tokens that the server was asked to end. */
  ended: string[] = [];
  /** Whom the page said the visitor is, at each request for one. */
  named: (string | undefined)[] = [];
  /** The browser has not told the other tabs yet. */
  late = false;
  /** The server is not reached to end tokens. */
  away = false;

  /** Opens a tab whose own storage all tabs share; or, without storage of the panel's own, that of the shop. */
  tab(where: "panel" | "shop" = "panel", begin: Partial<Extract<ToPanel, { kind: "begin" }>> = {}): Tab {
    const server = new FakeServer(this.clock);
    const mine: { panel?: PanelModel } = {};
    const told: FromPanel[] = [];
    let heard = 0;
    const write = (text: string | null): void => {
      if (this.stored === text) return;
      this.stored = text;
      for (const { panel } of this.tabs) {
        if (panel === mine.panel || this.late) continue;
        if (where === "shop") panel.hear({ kind: "kept", kept: text });
        else panel.storedElsewhere();
      }
    };
    const ownPlace: Place = { read: () => this.stored, write };
    const panel = new PanelModel({
      bootstrap: { site: "demo", name: "Shop", origins: [], color: "", hostStorage: true, audio: true, video: true, cobrowse: true, mask: [], limits: { messageCharacters: 4000 } },
      clock: this.clock,
      rest: {
        newVisitor: (_site, _name, identity) => new Promise((resolve) => {
          this.named.push(identity);
          const token = `token-${this.made.length}`;
          this.made.push(() => resolve(token));
        }),
        signOut: (token) => {
          this.ended.push(token);
          return this.away ? Promise.reject(new TypeError("no network")) : Promise.resolve();
        },
        status: () => Promise.reject(new Error("not asked here")),
      },
      store: new VisitorStore(),
      ownPlace: where === "panel" ? ownPlace : undefined,
      tell: (message) => {
        told.push(message);
        if (message.kind !== "keep") return;
        heard = message.n ?? 0;
        if (message.was === this.stored) write(message.value);
        else queueMicrotask(() => mine.panel?.hear({ kind: "kept", kept: this.stored, n: heard })); // as the loader does
      },
      transports: { dialSocket: server.dialSocket, dialChannels: server.dialChannels },
      newLeg: () => ({}) as unknown as CallLeg,
    });
    mine.panel = panel;
    const one = { panel, server, told };
    this.tabs.push(one);
    panel.hear({ kind: "begin", open: true, focus: false, kept: where === "shop" ? this.stored : null, own: [], identity: null, out: 0, ...begin });
    return one;
  }

  async send({ panel }: Tab, text: string): Promise<void> {
    panel.composer.draft.value = text;
    void panel.composer.send();
    await settle();
  }

  /** The tokens that a tab has shown to the server. */
  tokens({ server }: Tab): unknown[] {
    return server.heard.flatMap(({ frame }) => (frame.kind === "connection.hello" ? [frame.body.token] : []));
  }

  close(): void {
    for (const { server } of this.tabs) for (const link of server.links) link.open = false;
  }
}
