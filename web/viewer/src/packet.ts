import { limits, type CobrowseID } from "../../shared/src/protocol.gen.ts";

/** What a co-browse packet carries: part of a full snapshot, or part of a batch of events. */
export type PacketType = "snapshot" | "events";

/** A packet's header, read; the payload shares the packet's memory. */
export interface Packet {
  readonly type: PacketType;
  /** The first part of a batch. */
  readonly first: boolean;
  /** The last part of a batch: with it the batch is whole. */
  readonly last: boolean;
  /** Counts snapshots; a new page or a resync begins a new one. */
  readonly gen: number;
  /** Counts packets within the gen, from 0, without gaps. */
  readonly seq: number;
  readonly cobrowse: CobrowseID;
  readonly payload: Uint8Array;
}

const types: Readonly<Record<number, PacketType>> = { 1: "snapshot", 2: "events" };
const flagFirst = 1;
const flagLast = 2;

/** Reads a packet; undefined for what is none, or is of a version that is not known. */
export function parsePacket(data: Uint8Array): Packet | undefined {
  if (data.length < limits.packetHeader || data[0] !== limits.packetVersion) return undefined;
  const type = types[data[1] ?? 0];
  if (type === undefined) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const flags = view.getUint8(2);
  return {
    type,
    first: (flags & flagFirst) !== 0,
    last: (flags & flagLast) !== 0,
    gen: view.getUint32(4),
    seq: view.getUint32(8),
    cobrowse: formatId(data.subarray(12, 28)),
    payload: data.subarray(limits.packetHeader),
  };
}

function formatId(bytes: Uint8Array): CobrowseID {
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return parts.join("-") as CobrowseID;
}
