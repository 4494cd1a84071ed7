import { digitOf, maskAt, maskCards, maskDigits } from "./cards.ts";
import { dot, isElement, isForSecrets, maskText, type Masking } from "./masking.ts";
import { isField, type Typed } from "./typed.ts";
import { fewest, Words, type Word } from "./words.ts";

/** From how many digits on a number counts that is typed into a field of which nothing is known. */
const fewestElsewhere = 8;
/** How many digits, wherever they stand within others, are no accident. */
const noAccident = 6;
const mostDigits = 32;
const mostCharacters = 200;
/** How much of a secret is looked for. */
const mostOfWord = 1_000;
/** Texts that are looked at on each side for digits that stand alone. */
const reach = 48;

const numberLike = /^[\p{Nd}\s\p{Z}\p{Cf}\p{Pd}−._·∙‧・/]+$/u;
/** A text of few digits, or of what stands where digits are missing. */
const lone = /^[\p{Nd}#*•xX_?\s\p{Z}\p{Cf}\p{Pd}.]{1,8}$/u;

interface Repeated {
  readonly digits: string;
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
  /** All digits of them. */
  #digitsOfAll = "";
  #words = new Words([]);
  /** Which of the changes of what is typed these are made of. */
  #made = -1;

  constructor(masking: Masking, document: Document, typed: Typed) {
    this.#masking = masking;
    this.#document = document;
    this.#typed = typed;
  }

  /** Remembers what stands in a field, for as long as the page stands. */
  note(element: Element | null, value: string): void {
    if (!isField(element)) return;
    const field = this.#typed.known.get(element) ?? this.#typed.add(element);
    if (!field.secret && this.#masking.isSecret(element)) this.#typed.secret(field);
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
    if (this.#made !== this.#typed.changes) this.#make();
  }

  /** Takes what stands in the fields, and what stood in them, for what is looked for. */
  #make(): void {
    this.#made = this.#typed.changes;
    const numbers: Repeated[] = [];
    const words: Word[] = [];
    for (const { secret, last, begun, past } of this.#typed.fields) {
      for (const stood of [...past, { last, begun }]) {
        const isNumber = stood.last.length <= mostCharacters && numberLike.test(stood.last);
        const digits = isNumber ? digitsOf(stood.last) : "";
        const counts = secret ? digits.length >= fewest && digits.length <= mostDigits : digits.length >= fewestElsewhere && digits.length <= 19 && !digits.startsWith("0");
        if (counts) numbers.push({ digits, begun: stood.begun });
        if (secret) words.push({ text: stood.last.trim().slice(0, mostOfWord), isNumber, begun: stood.begun });
      }
    }
    this.#numbers = numbers;
    this.#digitsOfAll = numbers.map(({ digits }) => digits).join(" ");
    this.#words = new Words(words);
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
    return this.#tell(node, name, text, (since) => this.#digits(text, since));
  }

  /** The same for a text of the page, with the texts beside it; `others` gets those that hold the rest of a number. */
  hideAt(node: Text, others: Set<Text>): string {
    return this.#tell(node, "", node.data, (since) => {
      const hidden = maskAt(node, others, (text) => this.#digits(text, since));
      const alone = this.#numbers.length > 0 && lone.test(node.data) && this.#continues(node, others);
      return alone ? node.data.replace(/\p{Nd}/gu, dot) : hidden;
    });
  }

  /** Hides in a text what the page may have put there: nothing that is younger than the text, but a whole secret that the page has brought. */
  #tell(node: Node | null, name: string, text: string, digits: (since: number) => string): string {
    if (!node) return this.#words.hide(text, digits(Infinity), Infinity);
    const all = this.#typed.told(name);
    const told = all.get(node);
    const same = told?.text === text ? told : undefined;
    const since = same?.since ?? this.#typed.looks;
    const fresh = this.#words.hide(text, digits(since), since);
    const brought = since > (this.#typed.first ?? since) && this.#words.has(text.trim());
    const hidden = brought ? maskText(text) : same ? merge(text, same.hidden, fresh) : fresh;
    all.set(node, { text, since, hidden });
    return hidden;
  }

  #digits(text: string, since: number): string {
    const cards = maskCards(text);
    if (this.#numbers.length === 0) return cards;
    return merge(text, cards, maskDigits(text, (digits, places) => this.#repeated(digits, places, since)));
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

  /** Which of the digits repeat a part of a number that was begun by then: whole groups of them, or many. */
  #repeated(digits: readonly number[], places: readonly number[], since: number): number[] {
    const row = digits.join("");
    const begins = (at: number): boolean => at === 0 || at === row.length || (places[at] ?? 0) !== (places[at - 1] ?? 0) + 1;
    const found: number[] = [];
    let until = 0;
    for (let start = 0; start < row.length; start++) {
      const first = row.slice(start, start + fewest);
      const numbers = first.length === fewest && this.#digitsOfAll.includes(first) ? this.#numbers : [];
      for (const { digits: number, begun } of numbers) {
        let end = start + fewest;
        if (begun > since || !number.includes(first)) continue;
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

