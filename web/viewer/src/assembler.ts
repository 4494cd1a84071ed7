import { parsePacket, type Packet, type PacketType } from "./packet.ts";

/** What came of one packet. */
export type Step =
  /** A whole batch, in order. A snapshot begins a new replica. */
  | { readonly kind: "batch"; readonly type: PacketType; readonly gen: number; readonly seq: number; readonly bytes: Uint8Array }
  /** A part of a batch that is not whole yet. */
  | { readonly kind: "more" }
  /** Seen before, or of a page that has gone: dropped. */
  | { readonly kind: "stale" }
  /** Something is missing: nothing more comes out until the next snapshot begins. */
  | { readonly kind: "gap" }
  /** Not a packet: dropped. */
  | { readonly kind: "bad" };

/** The most bytes of one batch; a larger one counts as a gap. */
export const maxBatch = 32 << 20;

/**
 * Puts packets together to batches. It lets a batch out only when every packet
 * before it in its gen has come, so what comes out can be applied as it comes.
 */
export class Assembler {
  #gen: number | undefined;
  #next = 0;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #type: PacketType | undefined;

  /** Takes one packet as it came off the wire. */
  push(data: Uint8Array): Step {
    const packet = parsePacket(data);
    if (packet === undefined) return { kind: "bad" };
    if (packet.type === "snapshot" && packet.first && packet.seq === 0) this.#begin(packet.gen);
    else if (this.#gen === undefined) return { kind: "gap" };
    else if (packet.gen < this.#gen || (packet.gen === this.#gen && packet.seq < this.#next)) return { kind: "stale" };
    else if (packet.gen > this.#gen || packet.seq > this.#next) return this.#lose();
    return this.#take(packet);
  }

  #begin(gen: number): void {
    this.#gen = gen;
    this.#next = 0;
    this.#clear();
  }

  #take(packet: Packet): Step {
    const fits = packet.first ? this.#type === undefined : this.#type === packet.type;
    if (!fits || this.#bytes + packet.payload.length > maxBatch) return this.#lose();
    this.#next = packet.seq + 1;
    this.#type = packet.type;
    this.#parts.push(packet.payload);
    this.#bytes += packet.payload.length;
    if (!packet.last) return { kind: "more" };
    const bytes = join(this.#parts, this.#bytes);
    this.#clear();
    return { kind: "batch", type: packet.type, gen: packet.gen, seq: packet.seq, bytes };
  }

  #lose(): Step {
    this.#gen = undefined;
    this.#clear();
    return { kind: "gap" };
  }

  #clear(): void {
    this.#parts = [];
    this.#bytes = 0;
    this.#type = undefined;
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
