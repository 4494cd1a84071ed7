import { beforeEach, expect, test } from "vitest";
import { LegPlace } from "../src/index.ts";

type Tab = Parameters<LegPlace["connected"]>[0];
const [first, second, other] = ["n1", "n2", "another tab"] as Tab[];

let place: LegPlace;

beforeEach(() => {
  place = new LegPlace();
  place.connected(undefined); // not welcomed yet
  place.connected(first);
  place.begins();
});

// CALL-6
test("another tab has the leg where it is named, nobody where none is", () => {
  expect([undefined, first, other].map((tab) => place.elsewhere(tab))).toEqual([false, false, true]);
});

// CALL-6
test("a leg that begins here is not taken by the tab that had it before, but by one that is named after us", () => {
  expect([other, undefined, first, undefined, other].map((tab) => place.taken(tab))).toEqual([false, false, false, false, true]);
  place.begins();
  expect([other, first, other].map((tab) => place.taken(tab))).toEqual([false, false, true]);
});

// CALL-6, R7: one that has the leg and joins anew by itself must not take it from the page that has taken it meanwhile
test("says what this page has had once it has been named, and nothing while it takes the leg from another", () => {
  place.connected(second);
  expect(place.had).toEqual({});
  place.taken(first);
  expect(place.had).toEqual({ had: [first, second] });
  for (let n = 3; n < 30; n++) place.connected(`n${n}` as typeof first);
  expect(place.had.had).toHaveLength(16);
  expect(place.had.had?.at(-1)).toBe("n29");
  place.begins();
  expect(place.had).toEqual({});
});

// CALL-6, R7
test("every connection that this page has had is this page", () => {
  expect(place.taken(first)).toBe(false);
  place.connected(second);
  expect([first, second, first].map((tab) => place.taken(tab))).toEqual([false, false, false]);
  expect(place.taken(other)).toBe(true);
});
