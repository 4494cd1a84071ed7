import { useEffect, useRef } from "react";
import { portMessage, type FromViewer } from "../../../viewer/src/port.ts";
import { words } from "../catalogue.ts";
import { cancelCobrowse, stopCobrowse } from "../commands/cobrowse.ts";
import type { Cobrowse } from "../models/cobrowse.ts";
import { ActionButton } from "./action-button.tsx";
import { observed } from "./observed.ts";

/** Joins the viewer's frame with the session by a port of their own. Packets are copied: the wire may use its buffer again. */
function join(frame: HTMLIFrameElement, cobrowse: Cobrowse): () => void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }: MessageEvent<FromViewer>) => {
    switch (data.type) {
      case "ready":
      case "gap":
        return void cobrowse.watch(); // its failure is shown
      case "painted":
        cobrowse.painted.value = true;
        return;
      case "viewport":
        return;
      default:
        data satisfies never;
    }
  };
  cobrowse.sink = (data) => {
    const copy = data.slice().buffer;
    port1.postMessage({ type: "packet", data: copy }, [copy]);
  };
  frame.contentWindow?.postMessage(portMessage, location.origin, [port2]);
  return () => {
    cobrowse.sink = undefined;
    cobrowse.painted.value = false;
    port1.close();
  };
}

const Frame = observed(function Frame({ cobrowse }: { cobrowse: Cobrowse }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const leave = useRef<() => void>(undefined);
  useEffect(() => () => leave.current?.(), []);
  const loaded = () => {
    leave.current?.();
    if (frame.current !== null) leave.current = join(frame.current, cobrowse);
  };
  const painted = cobrowse.painted.value;
  const changing = cobrowse.changing.value;
  return (
    <div className="page-frame" data-dim={changing || undefined}>
      <iframe
        ref={frame}
        src="/cobrowse/viewer"
        title={words.cobrowse.frame}
        referrerPolicy="no-referrer"
        onLoad={loaded}
      />
      {(!painted || changing) && (
        <p className="page-note" role="status">
          {changing ? words.cobrowse.changing : words.cobrowse.waiting}
        </p>
      )}
    </div>
  );
});

/** The visitor's page beside the log. */
export const CobrowsePanel = observed(function CobrowsePanel({ cobrowse }: { cobrowse: Cobrowse }) {
  const running = cobrowse.running.value;
  return (
    <section className="cobrowse" aria-label={words.cobrowse.panel} data-asked={!running || undefined}>
      <div className="ask">
        <p role="status">{running ? words.cobrowse.panel : words.cobrowse.asked}</p>
        {running && <span className="call-time">{cobrowse.since.value}</span>}
        {running ? (
          <ActionButton command={stopCobrowse} target={cobrowse} look="light" color="red" />
        ) : (
          <ActionButton command={cancelCobrowse} target={cobrowse} />
        )}
      </div>
      {running && <Frame cobrowse={cobrowse} />}
      {cobrowse.failure.value !== "" && (
        <p className="failure" role="alert">
          {cobrowse.failure.value}
        </p>
      )}
    </section>
  );
});
