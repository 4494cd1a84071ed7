/** What is hidden from the agent whatever the site says. */
const editable = "[contenteditable]:not([contenteditable=false])";
const floor = ["[data-parlour-mask]", editable];
const secretFields = /(^|\s)(cc-|one-time-code|current-password|new-password)/i;
/** What stands for a hidden character. */
export const dot = "•";
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

/** What is remembered of a page for as long as it stands. */
export class Memory {
  /** Fields that were secret once. */
  readonly secrets = new WeakSet<Element>();
  /** Elements that were typed into once, with all that stood in them. */
  readonly typed = new WeakSet<Node>();
}

/** Why a node is masked, if it is: by a rule, since it is or was edited, or since its document is in design mode. */
export type Cover = "open" | "masked" | "edited" | "designed";

/** The rules of one site: which elements are masked, and how fields are shown. */
export class Masking {
  /** Matches every masked element; their text is hidden with all below. */
  readonly selector: string;
  readonly #memory: Memory;

  /** Throws for a selector that cannot be read: better no sharing than an unmasked one. */
  constructor(site: readonly string[], document: Document, memory: Memory) {
    this.selector = [...floor, ...site].join(",");
    this.#memory = memory;
    document.createElement("i").matches(this.selector);
  }

  /**
   * Whether a node is in a masked element, or in a document that is typed into (design mode): through shadow roots, slots and frames of the page's own. A node that is in no page is.
   * So is what was seen in an element while that was editable, and that element; and a text that stood in a document in design mode.
   * `known` keeps answers for as long as the page stands still, so that a whole tree costs one look at each element.
   */
  covers(node: Node, known = new Map<Node, Cover>()): boolean {
    const way: Node[] = [];
    let cover: Cover | undefined;
    for (let at: Node = node; ; ) {
      cover = known.get(at);
      if (cover !== undefined) break;
      way.push(at);
      cover = this.#own(at);
      if (cover !== undefined) break;
      const up = above(at);
      if (typeof up === "string") {
        cover = up === "unknown" ? "masked" : "open";
        break;
      }
      at = up;
    }
    for (const one of way) {
      known.set(one, cover);
      if (cover === "edited" || (cover === "designed" && one.nodeType === 3)) this.#memory.typed.add(one);
    }
    return cover !== "open";
  }

  /** What a node is by itself, whatever it stands in. */
  #own(node: Node): Cover | undefined {
    if (this.#memory.typed.has(node)) return "edited";
    if (isElement(node) && node.matches(this.selector)) return node.matches(editable) ? "edited" : "masked";
    return "designMode" in node && node.designMode === "on" ? "designed" : undefined;
  }

  /** What an agent sees of a field's value: dots as many as characters, and always eight for secrets. */
  field(value: string, element: Element | null): string {
    if (value === "") return "";
    if (!element || this.isSecret(element)) return secret;
    return maskAll(value);
  }

  /** A password is one from the first on, also when it is shown before anything stands in it. */
  wasPassword(element: Element): void {
    this.#memory.secrets.add(element);
  }

  /** A field that was a password once stays one, also while its page shows it. */
  isSecret(element: Element): boolean {
    if (this.#memory.secrets.has(element)) return true;
    const is = isForSecrets(element) || this.covers(element);
    if (is) this.#memory.secrets.add(element);
    return is;
  }
}

/** Whether a field says of itself that it takes a password, a code or a payment card. */
export function isForSecrets(element: Element): boolean {
  return element.getAttribute("type")?.toLowerCase() === "password" || secretFields.test(element.getAttribute("autocomplete") ?? "");
}
