import type { Clock } from "./clock.ts";
import type { Op } from "./protocol.gen.ts";

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/**
 * Makes an op: a UUIDv7, so ops made later by one page sort later (to the millisecond). It names a command and gives no
 * right to anything, so the clock's chance is good enough.
 */
export function newOp(clock: Clock): Op {
  const bits = (n: number): number => Math.floor(clock.random() * 2 ** n);
  const time = hex(clock.now(), 12);
  const variant = hex(0x8000 + bits(14), 4);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(bits(12), 3)}-${variant}-${hex(bits(24), 6)}${hex(bits(24), 6)}` as Op;
}
