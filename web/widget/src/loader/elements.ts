/** Makes an element with properties, attributes (`aria-*`, `role`) and children. Text goes in as text, never as markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const pressed = "html,body,button,summary,a[href],area[href],input:is([type=button],[type=submit],[type=reset],[type=image]),[role=button],[role=link]";

/** Whether the keyboard may be taken from that element of the page: it is nowhere, or on what is only pressed. All others may be written into. */
export function isFree(element: Element | null): boolean {
  const inside = element?.shadowRoot?.activeElement;
  if (inside) return isFree(inside);
  return !element || (element.matches(pressed) && !(element instanceof HTMLElement && element.isContentEditable));
}

/** The speech bubble on the launcher. */
export function bubble(): SVGSVGElement {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(ns, "path");
  path.setAttribute("fill", "currentColor");
  path.setAttribute("d", "M12 3c5 0 9 3.4 9 7.7s-4 7.7-9 7.7c-.9 0-1.8-.1-2.6-.3L4.600 20.700c-.5.3-1-.1-.9-.6l.8-4C3.600 14.700 3 12.800 3 10.700 3 6.400 7 3 12 3z");
  svg.append(path);
  return svg;
}
