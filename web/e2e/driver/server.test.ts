import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";

import { freePorts, startPostgres, startRedis, unused } from "../backends.ts";
import { Server } from "../server.ts";
import { Artifacts, until } from "./index.ts";

it("gives different free ports, none that is taken by TCP or by UDP", async () => {
  const [before = 0, ...more] = await freePorts(8);
  expect(new Set([before, ...more]).size).toBe(8);
  for (const kind of ["tcp", "udp"]) {
    const [next = 0] = await freePorts(1);
    const [tcp, udp] = [createServer(), createSocket("udp4")];
    if (kind === "tcp") tcp.listen(next, "127.0.0.1");
    else udp.bind(next, "127.0.0.1");
    await once(kind === "tcp" ? tcp : udp, "listening");
    expect(await unused(next), `a port that is taken by ${kind}`).toBe(false);
    tcp.close();
    udp.close();
    await until("it is given back", () => unused(next));
  }
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

/** Stands for bin/parlour: reads the flags that the starter gives, prints the fixed lines, serves /readyz and /metrics. */
const stand = `#!/usr/bin/env node
const http = require("node:http");
const flag = (name) => (process.argv.find((one) => one.startsWith("--" + name + "=")) ?? "").split("=").slice(1).join("=");
const serve = (address, answers) => http.createServer((q, r) => { r.writeHead(answers[q.url] === undefined ? 404 : 200); r.end(answers[q.url]); }).listen(Number(address.split(":").at(-1)), "127.0.0.1");
serve(flag("http.address"), { "/readyz": "ok" });
serve(flag("ops.address"), { "/metrics": 'frames_total{kind="chat.post",transport="dc"} 3\\nframes_total{kind="chat.post",transport="ws"} 4\\nframes_total_other 9\\n' });
console.log("Shop http://" + flag("demo-address") + "/");
for (const who of ["ann", "bob", "sue"]) console.log("Desk " + flag("http.public_url") + "/desk/ " + who + "@example.com secret-" + who);
process.on("SIGTERM", () => process.exit(0));
`;

it("starts a server, reads its lines and metrics, kills it and starts it again with the same data", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parlour-stand-"));
  const file = join(folder, "parlour.cjs");
  writeFileSync(file, stand, { mode: 0o755 });
  vi.stubEnv("PARLOUR_BINARY", file);
  const artifacts = new Artifacts("driver-server");
  const server = await Server.start({ artifacts });
  try {
    expect(server.shop).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(server.sign(2)).toEqual({ url: `${server.origin}/desk/`, email: "sue@example.com", password: "secret-sue" });
    expect(() => server.sign(3)).toThrow("printed 3 lines");
    expect(await server.metric("frames_total")).toBe(7);
    expect(await server.metric("frames_total", { transport: "dc" })).toBe(3);
    const before = { pid: server.pid, shop: server.shop };
    await server.kill();
    await expect(fetch(`${server.origin}/readyz`)).rejects.toThrow();
    await server.start();
    expect(server.pid).not.toBe(before.pid);
    expect(server.shop).toBe(before.shop);
    expect(server.signs).toHaveLength(3);
    expect(await server.stop()).toBe(0);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
    vi.unstubAllEnvs();
  }
  expect(readFileSync(artifacts.path("server-a.log"), "utf8")).not.toContain("secret-");
});
