/** Makes a co-browse packet, for tests: the header as the server writes it, then the payload. */
export function packet(
  type: "snapshot" | "events",
  gen: number,
  seq: number,
  payload: string | Uint8Array,
  parts: { first?: boolean; last?: boolean } = {},
): Uint8Array {
  const body = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const bytes = new Uint8Array(28 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, type === "snapshot" ? 1 : 2);
  view.setUint8(2, (parts.first === false ? 0 : 1) | (parts.last === false ? 0 : 2));
  view.setUint32(4, gen);
  view.setUint32(8, seq);
  bytes.set(
    Uint8Array.from({ length: 16 }, (_, i) => i + 1),
    12,
  );
  bytes.set(body, 28);
  return bytes;
}
