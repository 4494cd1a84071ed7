/** What is hidden from the agent whatever the site says. */
const floor = ["[data-parlour-mask]", "[contenteditable]:not([contenteditable=false])"];
const secretFields = /(^|\s)(cc-|one-time-code|current-password|new-password)/i;
const dot = "•";
const secret = dot.repeat(8);

/** Whether a text is nothing but a mask. */
export function isMask(text: string): boolean {
  return /^[•*]*$/.test(text);
}

/** Keeps the shape of words, hides every letter. */
export function maskText(text: string): string {
  return text.replace(/\S/g, dot);
}

/** Hides every character, spaces too: for what is typed, where the shape of words tells too much. */
export function maskAll(text: string): string {
  return dot.repeat(text.length);
}

/** Card numbers stand out by their check digit: 13 to 19 digits, with single spaces or hyphens between. */
export function maskCards(text: string): string {
  return text.replace(/\d(?:[ -]?\d){12,18}/g, (run) => (luhn(run.replace(/\D/g, "")) ? run.replace(/\d/g, dot) : run));
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const d = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? d : d > 4 ? 2 * d - 9 : 2 * d;
  }
  return sum % 10 === 0;
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
      element.closest(this.selector) !== null;
    if (is) this.#secrets.add(element);
    return is;
  }
}
