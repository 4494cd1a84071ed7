import { digitOf, maskAt, maskCards, maskDigits } from "./cards.ts";
import { dot, isElement, isForSecrets, maskText, type Masking } from "./masking.ts";
import { isField, type Typed } from "./typed.ts";

/** From how many characters on what is repeated is hidden: fewer stand in any text. */
const fewest = 4;
/** From how many digits on a number counts that is typed into a field of which nothing is known. */
const fewestElsewhere = 8;
/** How many digits, wherever they stand within others, are no accident. */
const noAccident = 6;
const mostDigits = 32;
const mostCharacters = 200;
/** Texts that are looked at on each side for digits that stand alone. */
const reach = 48;

const letter = /[\p{L}\p{N}]/u;
const numberLike = /^[\p{Nd}\s\p{Z}\p{Cf}\p{Pd}−._·∙‧・/]+$/u;
/** A text of few digits, or of what stands where digits are missing. */
const lone = /^[\p{Nd}#*•xX_?\s\p{Z}\p{Cf}\p{Pd}.]{1,8}$/u;

interface Repeated {
  readonly digits: string;
  readonly begun: number;
}

interface Word {
  readonly lower: string;
  /** As it was typed; none for a number, which stands in many a text by accident. */
  readonly exact: string | undefined;
  readonly begun: number;
}

function digitsOf(text: string): string {
  let digits = "";
  for (let i = 0; i < text.length; i++) {
    const digit = digitOf(text.charCodeAt(i));
    if (digit >= 0) digits += String(digit);
  }
  return digits;
}

/**
 * Echoes hide what the page repeats of what is typed: card previews, passwords that are shown beside their field. A text that was
 * told before a field was begun stays as it was told for as long as the page leaves it: dots in its place would tell what was typed
 * since. But a text that the page has brought, and that is just what then fills a secret field, was put there for it.
 */
export class Echoes {
  readonly #masking: Masking;
  readonly #document: Document;
  readonly #typed: Typed;
  #numbers: readonly Repeated[] = [];
  #words: readonly Word[] = [];

  constructor(masking: Masking, document: Document, typed: Typed) {
    this.#masking = masking;
    this.#document = document;
    this.#typed = typed;
  }

  /** Remembers what stands in a field, for as long as the page stands. */
  note(element: Element | null, value: string): void {
    if (!isField(element)) return;
    const field = this.#typed.known.get(element) ?? this.#typed.add(element);
    field.secret ||= this.#masking.isSecret(element);
    this.#typed.value(field, value);
  }

  /** Reads what stands in the fields now; before each event, since a page repeats what is typed at once. */
  look(): void {
    const active = this.#active();
    if (isField(active)) this.note(active, active.value);
    for (const element of this.#document.getElementsByTagName("input")) { // what a script has put there since
      if (element.value !== "" && !this.#typed.known.has(element) && isForSecrets(element)) this.note(element, element.value);
    }
    for (const field of this.#typed.fields) {
      const element = field.element.deref();
      if (element) this.#typed.value(field, element.value);
    }
    this.#typed.looks++;
    this.#numbers = this.#typed.fields.flatMap(({ secret, last, begun }) => {
      const digits = last.length <= mostCharacters && numberLike.test(last) ? digitsOf(last) : "";
      const counts = secret ? digits.length >= fewest && digits.length <= mostDigits : digits.length >= fewestElsewhere && digits.length <= 19 && !digits.startsWith("0");
      return counts ? [{ digits, begun }] : [];
    });
    this.#words = this.#typed.fields.flatMap(({ secret, last, begun }) => {
      const exact = last.trim();
      const counts = secret && exact.length >= fewest && exact.length <= mostCharacters;
      return counts ? [{ lower: lowerOf(exact), exact: numberLike.test(exact) ? undefined : exact, begun }] : [];
    });
  }

  /** Hears that the whole page is told at this look: the first time, its texts are not of a change. */
  whole(): void {
    this.#typed.first ??= this.#typed.looks;
  }

  /** The field that has the focus, in whatever shadow root or frame of the page's own. */
  #active(): Element | null {
    let at = this.#document.activeElement;
    for (let inner: Element | null | undefined = at; inner; ) {
      at = inner;
      inner = at.shadowRoot?.activeElement ?? ("contentDocument" in at ? (at.contentDocument as Document | null)?.activeElement : undefined);
    }
    return at;
  }

  /** Hides card numbers and echoes in a text that stands alone: of an attribute of a node, or of nothing known. The answer is as long. */
  hide(text: string, node: Node | null = null, name = ""): string {
    return this.#tell(node, name, text, (numbers) => this.#digits(text, numbers));
  }

  /** The same for a text of the page, with the texts beside it; `others` gets those that hold the rest of a number. */
  hideAt(node: Text, others: Set<Text>): string {
    return this.#tell(node, "", node.data, (numbers) => {
      const hidden = maskAt(node, others, (text) => this.#digits(text, numbers));
      const alone = this.#numbers.length > 0 && lone.test(node.data) && this.#continues(node, others);
      return alone ? node.data.replace(/\p{Nd}/gu, dot) : hidden;
    });
  }

  /** Hides in a text what the page may have put there: nothing that is younger than the text, but a whole secret that the page has brought. */
  #tell(node: Node | null, name: string, text: string, digits: (numbers: readonly Repeated[]) => string): string {
    if (!node) return this.#hideWords(text, digits(this.#numbers), this.#words);
    const all = this.#typed.told(name);
    const told = all.get(node);
    const same = told?.text === text ? told : undefined;
    const since = same?.since ?? this.#typed.looks;
    const old = ({ begun }: { readonly begun: number }): boolean => begun <= since;
    const fresh = this.#hideWords(text, digits(this.#numbers.filter(old)), this.#words.filter(old));
    const brought = since > (this.#typed.first ?? since) && this.#words.some(({ exact }) => exact === text.trim());
    const hidden = brought ? maskText(text) : same ? merge(text, same.hidden, fresh) : fresh;
    all.set(node, { text, since, hidden });
    return hidden;
  }

  #digits(text: string, numbers: readonly Repeated[]): string {
    const cards = maskCards(text);
    if (numbers.length === 0) return cards;
    return merge(text, cards, maskDigits(text, (digits, places) => repeated(numbers, digits, places)));
  }

  /** Since which look a text of the page stands as it does. */
  #since(node: Text): number {
    const told = this.#typed.told("").get(node);
    return told?.text === node.data ? told.since : this.#typed.looks;
  }

  /**
   * Whether a text of few digits goes on with a number that begins in the texts before it, or begins one, each in an element of its own.
   * One of them must have come since the number was begun; then all are parts of it, also a box that held the right digit before.
   */
  #continues(node: Text, others: Set<Text>): boolean {
    const row: { digit: string; of: Text }[] = [];
    const add = (text: Text): void => {
      for (const digit of digitsOf(text.data)) row.push({ digit, of: text });
    };
    for (const text of [...around(node, true).reverse(), node, ...around(node, false)]) add(text);
    for (const { digits: number, begun } of this.#numbers) {
      for (let start = 0; start + fewest <= row.length; start++) {
        if (start > 0 && row[start]?.of === row[start - 1]?.of) continue;
        let end = start;
        while (end < row.length && end - start < number.length && row[end]?.digit === number[end - start]) end++;
        const part = new Set(row.slice(start, end).map(({ of }) => of));
        if (end - start < fewest || !part.has(node) || ![...part].some((one) => this.#since(one) >= begun)) continue;
        part.delete(node);
        for (const other of part) others.add(other);
        return true;
      }
    }
    return false;
  }

  #hideWords(text: string, hidden: string, words: readonly Word[]): string {
    if (words.length === 0) return hidden;
    const lower = lowerOf(text);
    let out = hidden;
    const trimmed = lower.trim();
    for (const { lower: word } of words) {
      if (trimmed.length >= fewest && word.startsWith(trimmed)) return maskText(text);
      for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + 1)) {
        const end = at + word.length;
        if (joined(lower, at) || joined(lower, end)) continue;
        out = out.slice(0, at) + maskText(out.slice(at, end)) + out.slice(end);
      }
    }
    return out;
  }
}

/** Which of the digits repeat a part of a number: whole groups of them, or many. */
function repeated(numbers: readonly Repeated[], digits: readonly number[], places: readonly number[]): number[] {
  const row = digits.join("");
  const begins = (at: number): boolean => at === 0 || at === row.length || (places[at] ?? 0) !== (places[at - 1] ?? 0) + 1;
  const found: number[] = [];
  let until = 0;
  for (let start = 0; start < row.length; start++) {
    for (const { digits: number } of numbers) {
      let end = start + fewest;
      if (!number.includes(row.slice(start, end)) || row.length < end) continue;
      while (end < row.length && number.includes(row.slice(start, end + 1))) end++;
      let group = end;
      while (group - start >= fewest && !begins(group)) group--;
      if (end - start >= noAccident) until = Math.max(until, end);
      else if (begins(start) && group - start >= fewest) until = Math.max(until, group);
    }
    if (start < until) found.push(start);
  }
  return found;
}

/** A text in small letters, each in the place where it stood: some have none of the same length. */
function lowerOf(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : Array.from(text, (one) => (one.toLowerCase().length === one.length ? one.toLowerCase() : one)).join("");
}

/** Whether a word goes on over a place in a text. */
function joined(text: string, at: number): boolean {
  return letter.test(text.charAt(at - 1)) && letter.test(text.charAt(at));
}

/** What is hidden in either of two forms of a text. */
function merge(text: string, one: string, other: string): string {
  if (one === text) return other;
  if (other === text) return one;
  return Array.from({ length: text.length }, (_, i) => (one.charAt(i) === text.charAt(i) ? other.charAt(i) : one.charAt(i))).join("");
}

/** The texts of few digits next to one, in the order of the document, nearest first. */
function around(node: Text, back: boolean): Text[] {
  const walker = node.ownerDocument.createTreeWalker(node.getRootNode(), 4);
  walker.currentNode = node;
  const found: Text[] = [];
  for (let steps = 0; steps < reach; steps++) {
    const next = (back ? walker.previousNode() : walker.nextNode()) as Text | null;
    if (!next || (next.data.trim() !== "" && !lone.test(next.data)) || (isElement(next.parentNode) && next.parentNode.localName === "script")) break;
    if (next.data.trim() !== "") found.push(next);
  }
  return found;
}

