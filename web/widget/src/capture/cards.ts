const dot = "•";
/** What may stand between two digits of a card number, any number of it: white space, hyphens and dashes, dots, what is not seen. */
const between = /[\s\p{Z}\p{Cf}\p{Pd}\u2212._·∙‧・]/u;
const anyDigit = /[0-9٠-٩۰-۹０-９]/;
const shortest = 13;
const longest = 19;

/** The digit that a UTF-16 unit stands for, or -1. */
export function digitOf(unit: number): number {
  const digit = unit & 15;
  if (digit > 9) return -1;
  const row = unit - digit;
  return row === 0x30 || row === 0x660 || row === 0x6f0 || row === 0xff10 ? digit : -1;
}

/** Whether a UTF-16 unit may stand between the digits of a card number. */
function isBetween(unit: number): boolean {
  return unit === 32 || ((unit < 33 || unit > 126 || unit === 45 || unit === 46 || unit === 95) && between.test(String.fromCharCode(unit)));
}

/**
 * Hides the digits of card numbers: of every 13 to 19 digits in a row that do not begin with 0 and whose check digit is right,
 * whatever digits stand before or behind. The answer is as long as the text; the time grows with its length.
 */
export function maskCards(text: string): string {
  return text.length < shortest ? text : maskDigits(text, cardDigits);
}

/** Hides digits of a text: those that `which` picks of each row, given with their places. The answer is as long as the text. */
export function maskDigits(text: string, which: (digits: readonly number[], places: readonly number[]) => readonly number[]): string {
  if (!anyDigit.test(text)) return text;
  const hidden: number[] = [];
  let digits: number[] = [];
  let places: number[] = [];
  const close = (): void => {
    for (const at of which(digits, places)) hidden.push(places[at] ?? 0);
    digits = [];
    places = [];
  };
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const digit = digitOf(unit);
    if (digit >= 0) {
      digits.push(digit);
      places.push(i);
    } else if (digits.length > 0 && !isBetween(unit)) close();
  }
  close();
  if (hidden.length === 0) return text;
  let left = "";
  let from = 0;
  for (const at of hidden) {
    left += text.slice(from, at) + dot;
    from = at + 1;
  }
  return left + text.slice(from);
}

/** Which of the digits belong to a window with a right check digit, in order. */
function cardDigits(digits: readonly number[]): number[] {
  if (digits.length < shortest) return [];
  // Sums up to each place, once with every digit at an even place doubled, once with those at odd places.
  const sums: [number[], number[]] = [[0], [0]];
  digits.forEach((digit, i) => {
    const doubled = digit > 4 ? 2 * digit - 9 : 2 * digit;
    for (const odd of [0, 1] as const) sums[odd].push((sums[odd][i] ?? 0) + (i % 2 === odd ? doubled : digit));
  });
  const found: number[] = [];
  let until = 0;
  for (let start = 0; start < digits.length; start++) {
    for (let length = Math.min(longest, digits.length - start); length >= shortest && start + length > until && digits[start] !== 0; length--) {
      const end = start + length;
      const row = sums[(end % 2) as 0 | 1]; // the last digit stands at end - 1 and is not doubled
      if (((row[end] ?? 0) - (row[start] ?? 0)) % 10 === 0) until = end;
    }
    if (start < until) found.push(start);
  }
  return found;
}

/** Elements that do not break a line of text. */
const inline = new Set("a abbr b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr output q s samp small span strong sub sup time tt u var wbr".split(" "));
const isInline = (node: Node): boolean => node.nodeType === 1 && (inline.has((node as Element).localName) || (node as Element).localName.includes("-"));
/** How many nodes are looked at on each side. */
const reach = 64;

/** The digits that stand beside a text in the same line, with what is between them, and the texts they are in. */
interface Beside {
  text: string;
  nodes: Text[];
}

/** How much of a text, from its end or its beginning, may belong to one card number; with `most` digits at most. */
function edge(text: string, back: boolean, most: number): { text: string; digits: number; whole: boolean } {
  let digits = 0;
  let length = 0;
  for (; length < text.length; length++) {
    const unit = text.charCodeAt(back ? text.length - 1 - length : length);
    const digit = digitOf(unit) >= 0;
    if (digit ? digits >= most : !isBetween(unit)) break;
    if (digit) digits++;
  }
  return { text: back ? text.slice(text.length - length) : text.slice(0, length), digits, whole: length === text.length };
}

function beside(node: Text, back: boolean): Beside {
  const found: Beside = { text: "", nodes: [] };
  if (edge(node.data, !back, 1).digits === 0) return found;
  let room = longest - 1;
  let at: Node = node;
  for (let steps = 0; steps < reach && room > 0; steps++) {
    const inner: Node | null = at !== node && isInline(at) ? (back ? at.lastChild : at.firstChild) : null;
    let next: Node | null = inner ?? (back ? at.previousSibling : at.nextSibling);
    for (let up = at.parentNode; !next && up && isInline(up) && steps < reach; up = up.parentNode, steps++) next = back ? up.previousSibling : up.nextSibling;
    if (!next || (next.nodeType === 1 && !isInline(next))) break;
    at = next;
    if (at.nodeType !== 3) continue;
    const part = edge((at as Text).data, back, room);
    found.text = back ? part.text + found.text : found.text + part.text;
    found.nodes.push(at as Text);
    room -= part.digits;
    if (!part.whole) break;
  }
  return found;
}

/**
 * Hides numbers in a text of the page, also those that go on in the texts beside it in the same line. `others` gets the texts
 * that hold the rest of one. `mask` gives a line as long as it gets.
 */
export function maskAt(node: Text, others: Set<Text>, mask: (line: string) => string): string {
  const text = node.data;
  if (!anyDigit.test(text)) return text;
  const before = beside(node, true);
  const after = beside(node, false);
  const end = before.text.length + text.length;
  const whole = mask(before.text + text + after.text);
  if (whole.slice(0, before.text.length) !== before.text) for (const one of before.nodes) others.add(one);
  if (whole.slice(end) !== after.text) for (const one of after.nodes) others.add(one);
  return whole.slice(before.text.length, end);
}
