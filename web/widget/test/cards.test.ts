import { describe, expect, test } from "vitest";
import { maskCards } from "../src/capture/cards.ts";

/** Numbers from 0 to n-1, the same in each run. */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** The check as the standard words it, from the right. */
function valid(digits: string): boolean {
  const sum = Array.from(digits).reverse().reduce((all, d, i) => all + (i % 2 === 0 ? Number(d) : Number(d) < 5 ? 2 * Number(d) : 2 * Number(d) - 9), 0);
  return sum % 10 === 0;
}

function pan(roll: (n: number) => number): string {
  const length = 13 + roll(7);
  const begin = String(1 + roll(9)) + Array.from({ length: length - 2 }, () => String(roll(10))).join("");
  return begin + (Array.from("0123456789").find((d) => valid(begin + d)) ?? "");
}

const separators = ["", " ", "-", ".", "\u00a0", "\u2009", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "  ", " - ", "\u200b", "\u00ad", "\t", "\n      ", "·", "_", " . "];
const pick = <T>(roll: (n: number) => number, from: readonly T[]): T => from[roll(from.length)] as T;
const around = ["", "x", "Card: ", "No. 12, ", "10 ", "2", "99-", "(", " 12/27", " 123", "7", ", 4.50 EUR", "•", "é", "\u{1f4b3} ", "2026 05 "];

describe("card numbers in a text", () => {
  test("none stays, whatever stands around it and between its digits", () => {
    const roll = dice(7);
    for (let i = 0; i < 5_000; i++) {
      const digits = pan(roll);
      const before = pick(roll, around);
      let written = "";
      const every = roll(3) === 0;
      const one = pick(roll, separators);
      for (const [at, digit] of Array.from(digits).entries()) written += (at > 0 && (at % 4 === 0 || every) ? (roll(2) === 0 ? one : pick(roll, separators)) : "") + digit;
      const text = before + written + pick(roll, around) + (roll(4) === 0 ? ` ${pan(roll)}` : "");
      const masked = maskCards(text);
      expect(masked.length, text).toBe(text.length);
      expect(masked.slice(before.length, before.length + written.length), JSON.stringify(text)).toBe(written.replace(/\d/g, "•"));
    }
  });

  test("the digits that belong to one are hidden, and nothing else", () => {
    const roll = dice(11);
    const pieces = [...Array.from("01234567890123456789"), "12", "2026", "00", " ", " ", "-", ".", "\u00a0", ",", "a", ":", "/", "é", "•"];
    let unchanged = 0;
    for (let i = 0; i < 5_000; i++) {
      const text = Array.from({ length: roll(40) }, () => pick(roll, pieces)).join("");
      const hide = new Set<number>();
      for (const run of text.matchAll(/\d(?:[ \-.\u00a0]*\d)*/g)) {
        const places = Array.from(run[0]).flatMap((c, at) => (/\d/.test(c) ? [run.index + at] : []));
        for (let from = 0; from < places.length; from++) {
          for (let to = from + 13; to <= Math.min(from + 19, places.length); to++) {
            const window = places.slice(from, to);
            const digits = window.map((at) => text[at]).join("");
            if (!digits.startsWith("0") && valid(digits)) window.forEach((at) => hide.add(at));
          }
        }
      }
      if (hide.size === 0) unchanged++;
      expect(maskCards(text), JSON.stringify(text)).toBe(Array.from(text, (c, at) => (hide.has(at) ? "•" : c)).join(""));
    }
    expect(unchanged).toBeGreaterThan(500);
    expect(unchanged).toBeLessThan(4_750);
  });

  test("a text of a million digits takes no longer than its length asks for", { timeout: 60_000 }, () => {
    const text = "123 ".repeat(330_000);
    expect(maskCards(text).length).toBe(text.length);
  });

  test.each([
    "4111 1111 1111 1111 12/27",
    "4111 1111 1111 1111 123",
    "2 4111111111111111",
    "4111 1111 1111 1111 5500 0055 5555 5559",
    "4111\u00a01111\u00a01111\u00a01111",
    "4111.1111.1111.1111",
    "4111–1111–1111–1111",
    "4111\u20111111\u20111111\u20111111",
    "4111  1111  1111  1111",
    "4111 - 1111 - 1111 - 1111",
    "４１１１ １１１１ １１１１ １１１１",
  ])("%s is hidden", (text) => expect(maskCards(text)).not.toMatch(/1111|１１１１|5555/));
});
