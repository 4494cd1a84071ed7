/**
 * What must hold for the mouse to meet an element, and whether it did. Functions that run inside a page: each must be
 * self-contained, for its source alone is sent into the document.
 */

/** A point of the document's viewport, or why the mouse would not meet the element there. */
export type Aim = { readonly x: number; readonly y: number } | { readonly fault: string };

/** What became of an act. */
export interface Verdict {
  readonly arrived: boolean;
  /** The element is no longer in the document. */
  readonly detached: boolean;
  /** The last of the events that were waited for. */
  readonly what: string;
  /** What the events met instead; empty when there were none. */
  readonly met: string;
}

/** A look-out for events, which ends when its verdict has been asked for. */
export interface Watch {
  verdict(withinMs: number): Promise<Verdict>;
}

/**
 * Waits until the element is where it was a frame ago, and tells the middle of what is visible of it; for a frame's element,
 * the given point of the frame's document. Faults: disabled, moving, out of sight, covered.
 */
export async function aimAt(element: Element, inside: { x: number; y: number } | undefined): Promise<Aim> {
  const frame = (): Promise<void> => new Promise((resolve) => { if (document.hidden) setTimeout(resolve, 30); else requestAnimationFrame(() => { resolve(); }); });
  const box = (): DOMRect | undefined => [...element.getClientRects()].find((one) => one.width >= 1 && one.height >= 1);
  const told = (one: Element): string => `${one.localName}${one.id === "" ? "" : `#${one.id}`} "${(one.textContent ?? "").replace(/\s+/g, " ").trim().slice(0, 40)}"`;
  if (!element.isConnected) return { fault: "it is detached from document" };
  if (element.matches(":disabled") || element.getAttribute("aria-disabled") === "true") return { fault: "it is disabled" };
  const out = (at: DOMRect): boolean => at.top < 0 || at.left < 0 || at.bottom > innerHeight || at.right > innerWidth;
  const start = box();
  if (inside === undefined && start !== undefined && out(start)) element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  const boxes: (DOMRect | undefined)[] = [box()];
  for (let n = 0; n < 2; n += 1) {
    await frame();
    boxes.push(box());
  }
  const [at] = boxes;
  if (!element.isConnected) return { fault: "it is detached from document" };
  if (at === undefined) return { fault: "it is out of sight" };
  if (!boxes.every((one) => one !== undefined && one.x === at.x && one.y === at.y && one.width === at.width && one.height === at.height)) return { fault: "it moves" };
  const middle = (from: number, to: number, end: number): number => (Math.max(0, from) + Math.min(end, to)) / 2;
  const style = getComputedStyle(element);
  const point = inside === undefined
    ? { x: middle(at.left, at.right, innerWidth), y: middle(at.top, at.bottom, innerHeight) }
    : { x: at.left + element.clientLeft + parseFloat(style.paddingLeft) + inside.x, y: at.top + element.clientTop + parseFloat(style.paddingTop) + inside.y };
  let hit = document.elementFromPoint(point.x, point.y);
  for (let deeper = hit?.shadowRoot?.elementFromPoint(point.x, point.y); deeper && deeper !== hit; deeper = hit?.shadowRoot?.elementFromPoint(point.x, point.y)) hit = deeper;
  if (hit === null) return { fault: "it is out of sight" };
  const target = element.closest("button, a[href], [role=button], [role=link]") ?? element;
  for (let up: Node | null = hit; up !== null; up = up instanceof ShadowRoot ? up.host : up instanceof Element && up.assignedSlot !== null ? up.assignedSlot : up.parentNode) {
    if (up === target) return point;
  }
  if (inside === undefined) element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" }); // what scrolls may hide it
  return { fault: `it is covered by ${told(hit)}` };
}

/**
 * Watches for events of a person in the element's window, before any listener of the page. They arrive when the element or
 * something inside it receives the last of them; those that meet something else are stopped, and so are more of them
 * after the first that arrived: an act counts once.
 */
export function watchFor(element: Element, events: string[]): Watch {
  const target = element.closest("button, a[href], [role=button], [role=link]") ?? element;
  const told = (one: unknown): string => (one instanceof Element ? `${one.localName}${one.id === "" ? "" : `#${one.id}`} "${(one.textContent ?? "").replace(/\s+/g, " ").trim().slice(0, 40)}"` : "");
  const last = events.at(-1) ?? "";
  let arrived = false;
  let met = "";
  let decide: () => void = () => undefined;
  const decided = new Promise<void>((resolve) => { decide = resolve; });
  const hear = (event: Event): void => {
    if (!event.isTrusted) return;
    const [first] = event.composedPath();
    const right = event.composedPath().includes(target);
    if (!right || arrived) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    if (!right && !arrived) met = told(first);
    if (event.type !== last) return;
    arrived ||= right;
    decide();
  };
  for (const name of events) addEventListener(name, hear, { capture: true, passive: false });
  return {
    async verdict(withinMs: number): Promise<Verdict> {
      await Promise.race([decided, new Promise((resolve) => setTimeout(resolve, withinMs))]);
      for (const name of events) removeEventListener(name, hear, { capture: true });
      return { arrived, detached: !element.isConnected, what: last, met };
    },
  };
}
