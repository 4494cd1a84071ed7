import { expect, it } from "vitest";
import { FakeClock } from "../../../shared/test/fake-clock.ts";
import { patient } from "./parts.ts";

it("a part that cannot be had while the server is away comes when it is back, by one load", async () => { // DESK-10
  const clock = new FakeClock();
  let away = true;
  let loads = 0;
  const load = patient(() => {
    loads++;
    return away ? Promise.reject(new TypeError("Failed to fetch")) : Promise.resolve("part");
  }, clock);
  const [first, second] = [load(), load()];
  await clock.pass(4_000);
  expect(loads).toBeGreaterThan(2);
  away = false;
  const before = loads;
  await clock.pass(8_000);
  expect(await Promise.all([first, second, load()])).toEqual(["part", "part", "part"]);
  expect(loads).toBe(before + 1);
});

it("a part that is gone for good is told of after half a minute", async () => { // a newer server has other parts
  const clock = new FakeClock();
  let told: unknown;
  patient(() => Promise.reject(new TypeError("Failed to fetch")), clock)().catch((reason: unknown) => (told = reason));
  await clock.pass(5_000);
  expect(told).toBeUndefined();
  await clock.pass(35_000);
  expect(told).toBeInstanceOf(TypeError);
});
