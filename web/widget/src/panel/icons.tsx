import type { VNode } from "preact";

const paths = {
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-8-6 16-3-7z",
  mic: "M12 4a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3zM6 11v1a6 6 0 0 0 12 0v-1M12 18v3",
  micOff: "M9 9v3a3 3 0 0 0 5 2.200M15 11V7a3 3 0 0 0-5.700-1.300M6 11v1a6 6 0 0 0 10 4.500M18 12v-1M12 18v3M4 4l16 16",
  camera: "M4 7h10a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1zM15 11l6-3v8l-6-3",
  cameraOff: "M10 7h4a1 1 0 0 1 1 1v3l6-3v8l-3-1.500M15 15v1a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1h2M4 4l16 16",
  phone: "M6 4h3l2 4-2 2a11 11 0 0 0 5 5l2-2 4 2v3a2 2 0 0 1-2 2A16 16 0 0 1 4 6a2 2 0 0 1 2-2z",
  hangUp: "M4 15c0-3 4-5 8-5s8 2 8 5v2l-4-1v-2c-2-1-6-1-8 0v2l-4 1z",
} as const;

/** A line drawing beside or instead of a word; the word is always there for those who do not see it. */
export function Icon({ name }: { name: keyof typeof paths }): VNode {
  return (
    <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">
      <path d={paths[name]} />
    </svg>
  );
}
