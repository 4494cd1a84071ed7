/** Milliseconds from one word that the desk is used to the next. */
const every = 20_000;

/** Tells that the desk is used: at a click or a key on a page that is shown, at most each 20 s, until signal ends (ROUTE-7). */
export function tellUsed(tell: () => void, signal: AbortSignal): void {
  let last = -every;
  const used = () => {
    if (document.hidden || performance.now() - last < every) return;
    last = performance.now();
    tell();
  };
  for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, used, { signal, passive: true, capture: true });
}
