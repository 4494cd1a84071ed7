import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CallLeg } from "../../shared/src/browser/index.ts";
import type { Kept } from "../../shared/src/index.ts";
import { FakeClock, settle } from "../../shared/test/fake-clock.ts";
import { FakeServer } from "../../shared/test/fake-server.ts";
import type { FromPanel } from "../src/port.ts";
import { PanelModel } from "../src/panel/panel-model.ts";
import { VisitorStore, type Place } from "../src/panel/visitor-store.ts";

/** One tab: a panel, and its own way to the server. */
interface Tab {
  readonly panel: PanelModel;
  readonly server: FakeServer;
  readonly told: FromPanel[];
}

let clock: FakeClock;
let stored: string | null;
let tabs: Tab[];
/** Answers the requests for a visitor that are under way, in their order. */
let made: (() => void)[];
let ended: string[];
/** Whom the page said the visitor is, at each request for one. */
let named: (string | undefined)[];
/** The browser has not told the other tabs yet. */
let late: boolean;

/** Opens a tab whose own storage all tabs share; or, without storage of the panel's own, that of the shop. */
function tab(where: "panel" | "shop" = "panel", forget = false): Tab {
  const server = new FakeServer(clock);
  const changed = (from: PanelModel | undefined): void => {
    for (const { panel } of tabs) {
      if (panel === from || late) continue;
      if (where === "shop") panel.hear({ kind: "kept", kept: stored });
      else panel.storedElsewhere();
    }
  };
  const mine: { panel?: PanelModel } = {};
  const told: FromPanel[] = [];
  const write = (text: string | null): void => {
    if (stored === text) return;
    stored = text;
    changed(mine.panel);
  };
  const ownPlace: Place = { read: () => stored, write };
  const panel = new PanelModel({
    bootstrap: { site: "demo", name: "Shop", origins: [], color: "", hostStorage: true, audio: true, video: true, cobrowse: true, mask: [], limits: { messageCharacters: 4000 } },
    clock,
    rest: {
      newVisitor: (_site, _name, identity) => new Promise((resolve) => {
        named.push(identity);
        const token = `token-${made.length}`;
        made.push(() => resolve(token));
      }),
      signOut: (token) => ended.push(token),
      status: () => Promise.reject(new Error("not asked here")),
    },
    store: new VisitorStore(),
    ownPlace: where === "panel" ? ownPlace : undefined,
    tell: (message) => {
      told.push(message);
      if (message.kind !== "keep") return;
      if (message.was === stored) write(message.value);
      else queueMicrotask(() => mine.panel?.hear({ kind: "kept", kept: stored })); // as the loader does
    },
    transports: { dialSocket: server.dialSocket, dialChannels: server.dialChannels },
    newLeg: () => ({}) as unknown as CallLeg,
  });
  mine.panel = panel;
  const one = { panel, server, told };
  tabs.push(one);
  panel.hear({ kind: "begin", open: true, focus: false, kept: where === "shop" ? stored : null, own: [], identity: null, forget });
  return one;
}

async function send({ panel }: Tab, text: string): Promise<void> {
  panel.composer.draft.value = text;
  void panel.composer.send();
  await settle();
}

const tokens = ({ server }: Tab): unknown[] => server.heard.flatMap(({ frame }) => (frame.kind === "connection.hello" ? [frame.body.token] : []));

beforeEach(() => {
  clock = new FakeClock(3);
  stored = null;
  tabs = [];
  made = [];
  late = false;
  ended = [];
  named = [];
});
afterEach(() => {
  for (const { server } of tabs) for (const link of server.links) link.open = false;
});

describe.each(["panel", "shop"] as const)("two tabs that were open before the first message, kept by the %s (VIS-4)", (where) => {
  test("are one visitor as soon as one of them has asked", async () => {
    const [one, two] = [tab(where), tab(where)];
    await send(one, "from tab one");
    made[0]?.();
    await clock.pass(300);
    expect([tokens(one).length, tokens(two).length]).toEqual([1, 1]);
    expect(tokens(two)).toEqual(tokens(one));
    await send(two, "from tab two");
    await clock.pass(300);
    expect([made.length, tokens(two).length]).toEqual([1, 1]);
  });

  test("are one visitor when both ask at once: the quicker one's", async () => {
    const [one, two] = [tab(where), tab(where)];
    await send(one, "from tab one");
    await send(two, "from tab two");
    expect(made.length).toBe(2);
    made[1]?.();
    await settle();
    made[0]?.();
    await clock.pass(300);
    expect([tokens(one).length, tokens(two).length]).toEqual([1, 1]);
    expect(tokens(one)).toEqual(tokens(two));
    const asked = tabs.map(({ server }) => server.heard.filter(({ frame }) => frame.kind === "chat.ask").length);
    expect(asked).toEqual([1, 1]); // the server makes one conversation of them
  });

  test("are nobody's when the site has ended the visitor in one of them", async () => {
    const [one, two] = [tab(where), tab(where)];
    await send(one, "hello");
    made[0]?.();
    await clock.pass(300);
    one.panel.hear({ kind: "reset" });
    await clock.pass(300);
    expect([stored, one.panel.connection.value, two.panel.connection.value, two.panel.phase.value]).toEqual([null, "idle", "idle", "first"]);
    expect(ended).toEqual(["token-0"]);
    await send(two, "somebody else");
    made[1]?.();
    await clock.pass(300);
    expect([tokens(one), tokens(two)]).toEqual([["token-0", "token-1"], ["token-0", "token-1"]]);
  });
});

describe("before the browser has told one tab what another has stored", () => {
  test("the page that keeps it for the panel says that it is out of date", async () => {
    late = true;
    const [one, two] = [tab("shop"), tab("shop")];
    await send(one, "from tab one");
    made[0]?.();
    await clock.pass(300);
    await send(two, "from tab two");
    made[1]?.();
    await clock.pass(300);
    expect([tokens(one), tokens(two).at(-1), JSON.parse(stored ?? "null")]).toMatchObject([["token-0"], "token-0", { token: "token-0" }]);
  });

  test("what it keeps does not bring back a visitor whom the site has ended", async () => {
    late = true;
    for (const where of ["panel", "shop"] as const) {
      stored = null;
      const one = tab(where);
      await send(one, "hello");
      made.at(-1)?.();
      await clock.pass(300);
      stored = null; // another tab has logged out
      one.server.accept = false;
      for (const link of one.server.links) one.server.cut(link);
      await send(one, "and another word");
      await clock.pass(300);
      expect([where, stored]).toEqual([where, null]);
    }
  });

  test("it looks itself, and becomes no visitor of its own", async () => {
    late = true;
    const [one, two] = [tab(), tab()];
    await send(one, "from tab one");
    made[0]?.();
    await clock.pass(300);
    await send(two, "from tab two");
    await clock.pass(300);
    expect([made.length, tokens(one), tokens(two)]).toEqual([1, ["token-0"], ["token-0"]]);
  });

  test("it looks once more when it has been made one", async () => {
    late = true;
    const [one, two] = [tab(), tab()];
    await send(one, "from tab one");
    await send(two, "from tab two");
    made[1]?.();
    await settle();
    made[0]?.();
    await clock.pass(300);
    expect([tokens(one), tokens(two)]).toEqual([["token-1"], ["token-1"]]);
  });
});

describe("a log-out of the site", () => {
  test("ends a visitor who is only being made, and what was said goes too", async () => {
    const one = tab();
    await send(one, "secret before the log-out");
    one.panel.hear({ kind: "reset" });
    made[0]?.();
    await clock.pass(3000);
    expect([stored, ended, tokens(one), one.panel.phase.value, one.panel.composer.draft.value, one.panel.trouble.value]).toEqual([null, ["token-0"], [], "first", "", undefined]);
  });

  test("forgets who the page said it was", async () => {
    const one = tab();
    one.panel.hear({ kind: "identify", identity: "anne" });
    one.panel.hear({ kind: "reset" });
    await send(one, "the next person");
    expect([named, one.panel.identified.value]).toEqual([[undefined], false]);
  });

  test("that came while there was no panel is done before anything is shown or connected", async () => {
    stored = JSON.stringify({ token: "old", kept: [] });
    const one = tab("panel", true);
    await clock.pass(3000);
    expect([stored, ended, one.server.links.length, one.panel.phase.value, one.told.map(({ kind }) => kind)]).toEqual([null, ["old"], 0, "first", expect.arrayContaining(["forgotten"])]);
  });
});

describe("what one tab keeps", () => {
  const command = (op: string): Kept => ({ op, kind: "chat.post", body: { text: op } }) as unknown as Kept;
  const place: Place = { read: () => stored, write: (text) => (stored = text) };
  const ops = (): string[] => (JSON.parse(stored ?? "{}") as { kept?: Kept[] }).kept?.map(({ op }) => op) ?? [];

  test("another tab leaves alone, and what it has read itself it takes out when it is done (D3)", () => {
    stored = JSON.stringify({ token: "t", kept: [command("before")] });
    const [one, two] = [new VisitorStore(), new VisitorStore()];
    one.use(place);
    one.change({ kept: [command("before"), command("one")] });
    two.use({ read: () => JSON.stringify({ token: "t", kept: [command("before")] }), write: () => undefined });
    two.use(place);
    two.change({ kept: [command("before"), command("two")] });
    expect(ops()).toEqual(["one", "before", "two"]);
    two.change({ kept: [] });
    expect(ops()).toEqual(["one"]);
    one.change({ kept: [] });
    expect(ops()).toEqual([]);
  });

  test("a storage that is full does not make it forget who the visitor is", () => {
    const store = new VisitorStore();
    store.use({
      read: () => null,
      write: () => {
        throw new Error("full");
      },
    });
    store.change({ token: "t" });
    store.refresh();
    expect(store.state.token).toBe("t");
  });

  test("a visitor whom another tab has made meanwhile stays when this one forgets its own", () => {
    const store = new VisitorStore();
    store.use(place);
    store.change({ token: "old" });
    stored = JSON.stringify({ token: "new", kept: [] });
    store.clear();
    expect(JSON.parse(stored)).toMatchObject({ token: "new" });
  });
});
