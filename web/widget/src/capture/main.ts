import { record } from "@rrweb/record";
import { captureKey, type StartCapture } from "../port.ts";
import { Batch } from "./batch.ts";
import { Echoes } from "./echoes.ts";
import { Masking, maskText, Memory } from "./masking.ts";
import { Packets, packetType } from "./packets.ts";
import { Scrubber, type RecordedEvent } from "./scrub.ts";
import { Typed } from "./typed.ts";

const meta = 4;
const full = 2;

/** Outlive a session: what was hidden once stays so when the page is shared again. */
const memory = new Memory();
const typed = new Typed();

/** Records the page: a snapshot, then changes in batches, everything scrubbed before it is handed over. */
const start: StartCapture = ({ cobrowse, mask, own, emit }) => {
  const masking = new Masking(mask, document, memory);
  const echoes = new Echoes(masking, document, typed);
  const scrubber = new Scrubber(masking, record.mirror, echoes);
  const packets = new Packets(cobrowse, emit);
  let head: RecordedEvent | undefined;
  let begun = false;
  const batch = new Batch((events) => {
    if (begun) packets.send(packetType.events, JSON.stringify(events));
  });
  const take = (event: RecordedEvent): void => {
    const clean = scrubber.scrub(event);
    if (!clean) return;
    if (clean.type === meta) {
      head = clean;
    } else if (clean.type === full) {
      batch.clear(); // the snapshot holds what they changed
      begun = true;
      packets.begin(Date.now());
      packets.send(packetType.snapshot, JSON.stringify(head ? [head, clean] : [clean]));
    } else {
      batch.add(clean);
    }
  };
  // Before the page hears of it, which may empty the field at once; the recorder tells only what it has become by then.
  const listen = (event: Event): void => {
    const [field] = event.composedPath();
    if (field instanceof Element && "value" in field && typeof field.value === "string") echoes.note(field, field.value);
  };
  const stop = record({
    emit: (event) => take(event as unknown as RecordedEvent),
    maskAllInputs: true,
    maskInputFn: (text, element) => {
      echoes.note(element, text);
      return masking.field(text, element);
    },
    maskTextSelector: masking.selector,
    maskTextFn: (text) => maskText(text),
    blockSelector: own,
    inlineImages: false,
    inlineStylesheet: true,
    collectFonts: false,
    recordCanvas: false,
    recordCrossOriginIframes: false,
    recordAfter: "DOMContentLoaded",
    sampling: { mousemove: 50, mousemoveCallback: 100, scroll: 100 },
    slimDOMOptions: {
      script: true,
      comment: true,
      headFavicon: true,
      headMetaDescKeywords: true,
      headMetaSocial: true,
      headMetaRobots: true,
      headMetaHttpEquiv: true,
      headMetaAuthorship: true,
      headMetaVerification: true,
    },
  });
  if (!stop) throw new Error("the page cannot be recorded");
  addEventListener("input", listen, { capture: true });
  let stopped = false;
  return {
    snapshot() {
      if (!stopped) record.takeFullSnapshot();
    },
    stop() {
      if (stopped) return;
      stopped = true;
      batch.clear();
      removeEventListener("input", listen, { capture: true });
      stop();
    },
  };
};

(window as unknown as Record<typeof captureKey, StartCapture>)[captureKey] = start;
