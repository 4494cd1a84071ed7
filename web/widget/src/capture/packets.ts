import { limits } from "../../../shared/src/protocol.gen.ts";

/** What a packet carries; a snapshot begins a new generation. */
export const packetType = { snapshot: 1, events: 2 } as const;
const flag = { first: 1, last: 2 } as const;
/** One message with its channel byte stays within 16 KiB. */
const maxPayload = limits.upFrame - 1 - limits.packetHeader;

/** The 16 bytes of a UUID; throws for what is none. */
export function uuidBytes(id: string): Uint8Array {
  const digits = id.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(digits)) throw new Error("not an id");
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** Numbers packets: gen grows with each snapshot, also over page loads; seq counts from 0 within it, without gaps. */
export class Packets {
  readonly #id: Uint8Array;
  readonly #emit: (packet: ArrayBuffer) => void;
  #gen = 0;
  #seq = 0;

  constructor(cobrowse: string, emit: (packet: ArrayBuffer) => void) {
    this.#id = uuidBytes(cobrowse);
    this.#emit = emit;
  }

  /** Begins a generation. `now` in milliseconds makes it larger than those of the pages before. */
  begin(now: number): void {
    const tenths = Math.floor((now - 1_735_689_600_000) / 100); // since 2025: fits 32 bits until 2038
    this.#gen = Math.max(this.#gen + 1, Math.min(Math.max(tenths, 1), 0xffff_ffff));
    this.#seq = 0;
  }

  /** Sends one JSON text in as many packets as it needs. */
  send(type: 1 | 2, json: string): void {
    const bytes = new TextEncoder().encode(json);
    let at = 0;
    do {
      const part = bytes.subarray(at, at + maxPayload);
      const flags = (at === 0 ? flag.first : 0) | (at + part.length >= bytes.length ? flag.last : 0);
      const packet = new Uint8Array(limits.packetHeader + part.length);
      packet.set([limits.packetVersion, type, flags, 0]);
      const view = new DataView(packet.buffer);
      view.setUint32(4, this.#gen);
      view.setUint32(8, this.#seq++);
      packet.set(this.#id, 12);
      packet.set(part, limits.packetHeader);
      this.#emit(packet.buffer);
      at += part.length;
    } while (at < bytes.length);
  }
}
