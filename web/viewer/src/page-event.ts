/** One event of the visitor's page, as the capture makes it. */
export interface PageEvent {
  readonly type: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly timestamp: number;
}

export const fullSnapshot = 2;
const incremental = 3;
export const meta = 4;

/**
 * Sources of changes that may be applied: nodes, pointer, clicks, scroll, size,
 * input, touch, media, style rules, drag, style declarations, selection, adopted
 * sheets. Canvas commands, fonts, logs, plugins, custom elements and what is not
 * known are left out here too, although the server has dropped them already.
 */
const sources: ReadonlySet<unknown> = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15]);
const pointerSources: ReadonlySet<unknown> = new Set([1, 6, 12]);

/** Reads a batch: JSON, a list of events or one event. What may not be applied is left out; undefined for what is not JSON. */
export function readBatch(bytes: Uint8Array): PageEvent[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  return (Array.isArray(value) ? value : [value]).filter(applicable);
}

function applicable(value: unknown): value is PageEvent {
  if (!isRecord(value) || !isRecord(value["data"])) return false;
  if (value["type"] === incremental) return sources.has(value["data"]["source"]);
  return value["type"] === fullSnapshot || value["type"] === meta;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Gives an event the viewer's own time. The visitor's clock says nothing here:
 * an event of a clock that is behind would be scheduled into the past, and the
 * view would stand still for ever. A pointer batch keeps only its last place,
 * so that nothing of it is scheduled before what came first.
 */
export function restamp(event: PageEvent, now: number): PageEvent {
  const positions = event.data["positions"];
  if (event.type !== incremental || !pointerSources.has(event.data["source"]) || !Array.isArray(positions)) {
    return { type: event.type, data: event.data, timestamp: now };
  }
  const last: unknown = positions.at(-1);
  const kept = isRecord(last) ? [{ ...last, timeOffset: 0 }] : [];
  return { type: event.type, data: { ...event.data, positions: kept }, timestamp: now };
}

/** Whether a pointer batch has a place left; the replayer fails on one that has none. */
export function worthApplying(event: PageEvent): boolean {
  const positions = event.data["positions"];
  return !Array.isArray(positions) || positions.length > 0;
}
