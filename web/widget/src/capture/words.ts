import { maskText } from "./masking.ts";

/** From how many characters on what is repeated is hidden: fewer stand in any text. */
export const fewest = 4;

const letter = /[\p{L}\p{N}]/u;

/** What stands or stood in a secret field, and at which look it was begun. */
export interface Word {
  readonly text: string;
  /** Whether it is nothing but digits and what may stand between them, as in many a text by accident. */
  readonly isNumber: boolean;
  readonly begun: number;
}

/** What is typed into secret fields, to be found in the texts of a page; those of fewer than `fewest` characters are not looked for. */
export class Words {
  /** By how they begin, in small letters. */
  readonly #begin = new Map<string, Word[]>();
  readonly #beginnings: RegExp | undefined;
  readonly #whole = new Set<string>();

  constructor(words: readonly Word[]) {
    for (const word of words) {
      if (word.text.length < fewest) continue;
      if (!word.isNumber) this.#whole.add(word.text);
      const lower = lowerOf(word.text);
      const first = lower.slice(0, fewest);
      this.#begin.set(first, [...(this.#begin.get(first) ?? []), { ...word, text: lower }]);
    }
    // One search in each text, however many there are.
    if (this.#begin.size > 0) this.#beginnings = new RegExp([...this.#begin.keys()].map(exactly).join("|"), "g");
  }

  /** Whether a text is one of them, letter by letter, and no number. */
  has(text: string): boolean {
    return this.#whole.has(text);
  }

  /**
   * Hides in `hidden`, a form of a text as long as that, what begins one that was begun by the look `since`: between the bounds of
   * words, since the page may tell what was typed a moment ago; or all of it with one letter more, since a page may hear of a key first.
   */
  hide(text: string, hidden: string, since: number): string {
    const beginnings = this.#beginnings;
    if (!beginnings || text.length < fewest) return hidden;
    const lower = lowerOf(text);
    let out = hidden;
    beginnings.lastIndex = 0;
    for (let found = beginnings.exec(lower); found; found = beginnings.exec(lower)) {
      const at = found.index;
      beginnings.lastIndex = at + 1; // another may begin within it
      if (joined(lower, at)) continue;
      const words = (this.#begin.get(found[0]) ?? []).filter(({ begun }) => begun <= since);
      const end = endOf(words, lower, at);
      if (end > at) out = out.slice(0, at) + maskText(out.slice(at, end)) + out.slice(end);
    }
    return out;
  }
}

/** Where the longest that begins one of the words ends in a text; there is none where it begins, if all end within a word of the text. */
function endOf(words: readonly Word[], text: string, at: number): number {
  let [longest, ahead] = [at, at];
  for (const { text: word, isNumber } of words) {
    let end = at + fewest;
    while (end < text.length && end - at < word.length && text.charCodeAt(end) === word.charCodeAt(end - at)) end++;
    longest = Math.max(longest, end);
    if (end - at === word.length && !isNumber && joined(text, end) && !joined(text, end + 1)) ahead = Math.max(ahead, end + 1);
  }
  while (longest - at >= fewest && joined(text, longest)) longest--;
  return Math.max(longest - at >= fewest ? longest : at, ahead);
}

/** A pattern that matches just these characters. */
function exactly(text: string): string {
  return Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`).join("");
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
