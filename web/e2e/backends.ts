import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

import { until } from "./driver/index.ts";

/**
 * Ports of stories: under those that the system gives to connections going out, of which one would sometimes take the
 * port of a server that is away to be started again, and under those that the Go tests have.
 */
const ports = { from: 10_240, to: 16_384 };
let next = randomInt(ports.from, ports.to);

/** So many different loopback ports that nobody uses, by TCP and UDP; this process gives each of them once in 6,000. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let tries = ports.to - ports.from; found.length < count; tries--) {
    if (tries === 0) throw new Error(`all ports from ${ports.from} to ${ports.to} are in use`);
    const port = next;
    next = next + 1 < ports.to ? next + 1 : ports.from;
    if (await unused(port)) found.push(port);
  }
  return found;
}

/** Whether nobody has a loopback port, by TCP or UDP. */
export async function unused(port: number): Promise<boolean> {
  const server = createServer();
  const socket = createSocket("udp4");
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    socket.bind(port, "127.0.0.1");
    await once(socket, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
    socket.close();
  }
}

/** A real Redis or PostgreSQL of a story's own. */
export interface Backend {
  /** What goes into `redis.url` or `database.url`. */
  readonly url: string;
  /** Ends it and removes its data; safe to call twice. */
  stop(): Promise<void>;
}

/** Ends a process that we started and waits for it: SIGTERM first, SIGKILL when that took 5 s. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => { resolve(); }));
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(late);
}

/** Redis on a free loopback port, without persistence. */
export async function startRedis(): Promise<Backend & { flushAll(): void }> {
  const [port = 0] = await freePorts(1);
  const folder = mkdtempSync(join(tmpdir(), "parlour-redis-"));
  const child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder], { stdio: "ignore" });
  const ask = (...words: string[]): string => spawnSync("redis-cli", ["-p", String(port), ...words], { encoding: "utf8" }).stdout.trim();
  await until("redis-server answers", () => Promise.resolve(ask("PING") === "PONG"));
  return {
    url: `redis://127.0.0.1:${port}/0`,
    flushAll: () => {
      if (ask("FLUSHALL") !== "OK") throw new Error("redis did not take FLUSHALL");
    },
    stop: async () => {
      await end(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Folder of PostgreSQL's programs: on PATH, else the newest where Debian keeps them. */
function postgresFolder(): string {
  if (spawnSync("initdb", ["--version"]).status === 0) return "";
  const base = "/usr/lib/postgresql";
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : [];
  const [newest] = versions;
  if (newest === undefined) throw new Error("no PostgreSQL found: install postgresql, or put initdb and pg_ctl on PATH");
  return `${base}/${newest}/bin/`;
}

/** Runs a command as the user `postgres` when we are root, for PostgreSQL refuses to run as root; else as ourselves. */
function asPostgres(command: string): void {
  const root = userInfo().uid === 0;
  const { status, stdout, stderr } = root
    ? spawnSync("su", ["postgres", "-c", command], { encoding: "utf8", cwd: tmpdir() })
    : spawnSync("sh", ["-c", command], { encoding: "utf8", cwd: tmpdir() });
  if (status !== 0) throw new Error(`${command}: exit ${String(status)}\n${stdout}${stderr}`);
}

/** A PostgreSQL cluster on a free loopback port with an empty database `parlour`, durable as by default. */
export async function startPostgres(): Promise<Backend> {
  const [port = 0] = await freePorts(1);
  const programs = postgresFolder();
  const folder = mkdtempSync(join(tmpdir(), "parlour-postgres-"));
  if (userInfo().uid === 0) {
    const number = (flag: string): number => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
    chownSync(folder, number("-u"), number("-g"));
  }
  chmodSync(folder, 0o700);
  const data = join(folder, "data");
  asPostgres(`${programs}initdb -D ${data} -U parlour -A trust -E UTF8 --no-locale`);
  asPostgres(`${programs}pg_ctl -D ${data} -w -t 30 -l ${folder}/log -o "-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder}" start`);
  asPostgres(`${programs}createdb -h 127.0.0.1 -p ${port} -U parlour parlour`);
  let running = true;
  return {
    url: `postgres://parlour@127.0.0.1:${port}/parlour?sslmode=disable`,
    stop: async () => {
      if (!running) return;
      running = false;
      asPostgres(`${programs}pg_ctl -D ${data} -m immediate -w stop`);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
