/** What is hidden from the agent whatever the site says. */
const floor = ["[data-parlour-mask]", "[contenteditable]:not([contenteditable=false])"];
const secretFields = /(^|\s)(cc-|one-time-code|current-password|new-password)/i;
const dot = "•";
const secret = dot.repeat(8);

/** Whether a text is nothing but a mask. */
export function isMask(text: string): boolean {
  return /^[•*]*$/.test(text);
}

/** Whether a node is an element, of whichever document. */
export function isElement(node: Node | null): node is Element {
  return node?.nodeType === 1;
}

/** Keeps the shape of words, hides every letter. */
export function maskText(text: string): string {
  return text.replace(/\S/g, dot);
}

/** Hides every character, spaces too: for what is typed, where the shape of words tells too much. */
export function maskAll(text: string): string {
  return dot.repeat(text.length);
}

/** What is above a node as people see the page: the slot it stands in, the host of its shadow, the frame of its document. */
function above(node: Node): Node | "nothing" | "unknown" {
  const up = ("assignedSlot" in node ? (node.assignedSlot as Node | null) : null) ?? node.parentNode;
  if (up) return up;
  if ("host" in node) return node.host as Node;
  const view = "defaultView" in node ? (node.defaultView as Window | null) : null;
  return view ? (view.frameElement ?? "nothing") : "unknown";
}

/** The rules of one site: which elements are masked, and how fields are shown. */
export class Masking {
  /** Matches every masked element; their text is hidden with all below. */
  readonly selector: string;
  readonly #secrets = new WeakSet<Element>();

  /** Throws for a selector that cannot be read: better no sharing than an unmasked one. */
  constructor(site: readonly string[], document: Document) {
    this.selector = [...floor, ...site].join(",");
    document.createElement("i").matches(this.selector);
  }

  /**
   * Whether a node is in a masked element, or in a document that is typed into (design mode): through shadow roots, slots and frames of the page's own. A node that is in no page is.
   * `known` keeps answers for as long as the page stands still, so that a whole tree costs one look at each element.
   */
  covers(node: Node, known = new Map<Node, boolean>()): boolean {
    const way: Node[] = [];
    let masked: boolean | undefined;
    for (let at: Node = node; masked === undefined; ) {
      masked = known.get(at);
      if (masked !== undefined) break;
      way.push(at);
      if (isElement(at) && at.matches(this.selector)) masked = true;
      else if ("designMode" in at && at.designMode === "on") masked = true;
      const up = above(at);
      if (typeof up === "string") masked ??= up === "unknown";
      else at = up;
    }
    for (const one of way) known.set(one, masked);
    return masked;
  }

  /** What an agent sees of a field's value: dots as many as characters, and always eight for secrets. */
  field(value: string, element: Element | null): string {
    if (value === "") return "";
    if (!element || this.#isSecret(element)) return secret;
    return maskAll(value);
  }

  /** A field that was a password once stays one, also while its page shows it. */
  #isSecret(element: Element): boolean {
    if (this.#secrets.has(element)) return true;
    const is =
      element.getAttribute("type")?.toLowerCase() === "password" ||
      secretFields.test(element.getAttribute("autocomplete") ?? "") ||
      this.covers(element);
    if (is) this.#secrets.add(element);
    return is;
  }
}
