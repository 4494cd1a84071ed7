import { render } from "preact";
import { dataChannels, CallLeg, browserDevices, systemClock, watchPage, webSockets } from "../../../shared/src/browser/index.ts";
import { App } from "./app.tsx";
import { readBootstrap } from "./bootstrap.ts";
import type { NewLeg } from "./call-model.ts";
import { HostPort } from "./host-port.ts";
import { PanelModel } from "./panel-model.ts";
import { rest } from "./rest.ts";
import { ownPlace, VisitorStore } from "./visitor-store.ts";

const newLeg: NewLeg = (session, { call }, signal, place) =>
  new CallLeg({
    clock: systemClock,
    devices: browserDevices,
    join: async (sdp) => (await session.connection.command("call.join", { call, sdp, ...place.had })).sdp,
    trickle: (candidate) => void session.connection.notice("call.trickle", { call, candidate }),
    mute: (audio, video) => void session.connection.command("call.mute", { call, audio, video }).catch(() => undefined), // the call has ended
    signal,
  });

/** The first words belong to the visitor: what was typed before this script ran is taken over with the cursor in its place. */
function takeOver(panel: PanelModel): () => void {
  const early = document.querySelector<HTMLTextAreaElement>("#message");
  panel.composer.draft.value = early?.value ?? "";
  const focused = early !== null && document.activeElement === early && document.hasFocus();
  const at = early?.selectionStart ?? 0;
  return () => {
    const box = document.querySelector<HTMLTextAreaElement>("#message");
    if (!focused || !box) return;
    box.focus();
    box.setSelectionRange(at, at);
  };
}

function begin(): void {
  const bootstrap = readBootstrap(document);
  const app = document.getElementById("app");
  if (!bootstrap || !app) return;
  const { signal } = new AbortController();
  const way: { port?: HostPort } = {};
  const panel = new PanelModel({
    bootstrap,
    clock: systemClock,
    rest,
    store: new VisitorStore(),
    ownPlace: ownPlace(bootstrap.site, () => localStorage),
    tell: (message) => way.port?.send(message),
    transports: { dialSocket: webSockets(location.origin), dialChannels: dataChannels(location.origin) },
    newLeg: typeof RTCPeerConnection === "function" ? newLeg : undefined, // a policy or an extension may have taken it
  });
  way.port = new HostPort(window, bootstrap.origins, (message) => panel.hear(message), signal);
  const look = (): void => {
    panel.pageVisible.value = document.visibilityState === "visible";
  };
  look();
  document.addEventListener("visibilitychange", look);
  addEventListener("storage", () => panel.storedElsewhere());
  watchPage({ nudge: () => panel.nudge(), leave: () => panel.away(true), back: () => panel.away(false) }, signal);
  if (/^#[0-9a-f]{6}$/i.test(bootstrap.color)) document.documentElement.style.setProperty("--accent", bootstrap.color);
  const restoreFocus = takeOver(panel);
  app.replaceChildren();
  render(<App panel={panel} />, app);
  restoreFocus();
}

begin();
