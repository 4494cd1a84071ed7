import { expect, it } from "vitest";
import { spawnSync } from "node:child_process";

import { freePorts, startPostgres, startRedis } from "../backends.ts";

it("gives different free ports", async () => {
  expect(new Set(await freePorts(8)).size).toBe(8);
});

it("starts and stops a real Redis", async () => {
  const redis = await startRedis();
  const port = new URL(redis.url).port;
  const ask = (...words: string[]): string => spawnSync("redis-cli", ["-p", port, ...words], { encoding: "utf8" }).stdout.trim();
  try {
    ask("SET", "a", "1");
    redis.flushAll();
    expect(ask("GET", "a")).toBe("");
  } finally {
    await redis.stop();
  }
  expect(ask("PING")).not.toBe("PONG");
});

it("starts and stops a real PostgreSQL", async () => {
  const postgres = await startPostgres();
  const ask = (): string => spawnSync("psql", [postgres.url, "-Atc", "SELECT current_database()"], { encoding: "utf8" }).stdout.trim();
  try {
    expect(ask()).toBe("parlour");
  } finally {
    await postgres.stop();
  }
  expect(ask()).toBe("");
  await postgres.stop();
});
