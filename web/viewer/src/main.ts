import type { Viewport } from "./engine.ts";
import { fit } from "./fit.ts";
import { portMessage, type FromViewer, type ToViewer } from "./port.ts";
import { RrwebEngine } from "./rrweb-engine.ts";
import { Viewer } from "./viewer.ts";

/** Waits for the desk's port. Only the page that frames this one, of the same origin, can bring it, and only once. */
function open(): void {
  const abort = new AbortController();
  const take = (event: MessageEvent<unknown>) => {
    const port = event.ports[0];
    if (event.origin !== location.origin || event.source !== window.parent) return;
    if (event.data !== portMessage || port === undefined) return;
    abort.abort();
    run(port);
  };
  window.addEventListener("message", take, { signal: abort.signal });
}

function run(port: MessagePort): void {
  const stage = document.getElementById("stage");
  if (stage === null) return;
  const tell = (message: FromViewer) => {
    port.postMessage(message);
  };
  const now = () => performance.timeOrigin + performance.now();
  let viewport: Viewport = { width: 1280, height: 720 };
  const place = () => {
    const at = fit(viewport, { width: window.innerWidth, height: window.innerHeight });
    stage.style.transform = `translate(${String(at.left)}px, ${String(at.top)}px) scale(${String(at.scale)})`;
  };
  const engine = new RrwebEngine(
    stage,
    {
      viewport(size) {
        viewport = size;
        place();
        tell({ type: "viewport", width: size.width, height: size.height });
      },
      painted: () => {
        viewer.painted();
      },
    },
    now,
  );
  const viewer = new Viewer(engine, {
    tell,
    now,
    visible: () => !document.hidden,
    later: (ms, again) => {
      setTimeout(again, ms);
    },
  });
  window.addEventListener("resize", place);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) viewer.shown();
  });
  port.onmessage = (event: MessageEvent<ToViewer>) => {
    viewer.packet(new Uint8Array(event.data.data));
  };
  place();
  tell({ type: "ready" });
}

open();
