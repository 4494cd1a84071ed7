import { execFile, spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, existsSync, mkdtempSync, rmSync, writeFileSync, type WriteStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { end, freePorts, startPostgres, startRedis, type Backend } from "./backends.ts";
import { until, type ArtifactSink } from "./driver/index.ts";

/** The binary under test: PARLOUR_BINARY, else what `make build` made. */
function binary(): string {
  return process.env["PARLOUR_BINARY"] ?? join(import.meta.dirname, "..", "..", "bin", "parlour");
}

/** Our environment without PARLOUR_*: those would be settings of the server, and PARLOUR_BINARY is none. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PARLOUR_")));
}

/** Somebody who can sign in at the desk. */
export interface Sign {
  readonly url: string;
  readonly email: string;
  readonly password: string;
}

/** How to start a server. */
export interface ServerOptions {
  readonly artifacts: ArtifactSink;
  /** Names the node and its log file; "a" when left out. */
  readonly name?: string;
  /** Settings by key, such as `{"webrtc.udp_address": ""}`; they win over what the starter chooses. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Start the demo shop too; true when left out. */
  readonly demo?: boolean;
  /** The data folder; a fresh temporary one when left out, which close() removes. */
  readonly data?: string;
}

/** One `parlour serve` process on ports of its own, which it keeps when it is started again. */
export class Server {
  readonly #options: ServerOptions;
  readonly #flags: readonly string[];
  readonly #log: WriteStream;
  readonly #lines: string[] = [];
  readonly data: string;
  /** Origin of Parlour as browsers reach it: localhost, another site than the shop's 127.0.0.1. */
  readonly origin: string;
  /** Address of /metrics. */
  readonly ops: string;
  #child: ChildProcess | undefined;

  private constructor(options: ServerOptions, data: string, ports: readonly number[]) {
    const [http = 0, ops = 0, webrtc = 0, shop = 0] = ports;
    const name = options.name ?? "a";
    this.#options = options;
    this.data = data;
    this.origin = `http://localhost:${http}`;
    this.ops = `http://127.0.0.1:${ops}`;
    this.#log = createWriteStream(options.artifacts.path(`server-${name}.log`));
    const settings: Record<string, string> = {
      "node.id": `e2e-${name}`,
      "http.address": `127.0.0.1:${http}`,
      "http.public_url": this.origin,
      "ops.address": `127.0.0.1:${ops}`,
      "webrtc.udp_address": `127.0.0.1:${webrtc}`,
      "webrtc.tcp_address": `127.0.0.1:${webrtc}`,
      "data.directory": data,
      ...options.settings,
    };
    const demo = options.demo === false ? [] : ["--demo", `--demo-address=127.0.0.1:${shop}`];
    this.#flags = ["serve", ...demo, ...Object.entries(settings).map(([key, value]) => `--${key}=${value}`)];
  }

  /** Starts a server and waits until it is ready; throws with the end of its log when it is not within 20 s. */
  static async start(options: ServerOptions): Promise<Server> {
    if (!existsSync(binary())) throw new Error(`${binary()} is not there: run \`make build\` first`);
    const data = options.data ?? mkdtempSync(join(tmpdir(), "parlour-data-"));
    const server = new Server(options, data, await freePorts(4));
    await server.start();
    return server;
  }

  /** Process id of the running server. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("the server does not run");
    return pid;
  }

  /** Address of the demo shop. */
  get shop(): string {
    return this.#printed(/^Shop (\S+)/)[0]?.[1] ?? "";
  }

  /** Who can sign in, in the order printed: agents first, then the supervisor. */
  get signs(): Sign[] {
    return this.#printed(/^Desk (\S+) (\S+) (\S+)/).map(([, url = "", email = "", password = ""]) => ({ url, email, password }));
  }

  /** The n-th person who can sign in; throws when so many were not printed. */
  sign(n: number): Sign {
    const sign = this.signs[n];
    if (sign === undefined) throw new Error(`the server printed ${this.signs.length} lines "Desk <url> <email> <password>", asked for number ${n}`);
    return sign;
  }

  /** What it wrote so far, both streams, across starts. */
  get log(): readonly string[] {
    return this.#lines;
  }

  /** Starts it again, with the same data and ports. */
  async start(): Promise<void> {
    const from = this.#lines.length;
    const child = spawn(binary(), this.#flags, { stdio: ["ignore", "pipe", "pipe"], env: plainEnvironment() });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", (line) => { this.#note(line); });
    child.on("error", (error) => { this.#note(`cannot start ${binary()}: ${error.message}`); });
    const tail = (): Promise<string> => Promise.resolve(this.#lines.slice(from).slice(-30).map((line) => `  ${line}`).join("\n"));
    await until(`server ${this.origin} is ready`, async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      const answer = await fetch(`${this.origin}/readyz`);
      return answer.ok && (this.#options.demo === false || (this.shop !== "" && this.signs.length >= 3));
    }, 20_000, tail);
  }

  /** Makes its workspace what a file says, by `parlour admin apply` in a process beside it. */
  async apply(workspace: string): Promise<void> {
    const file = join(this.data, "workspace.yaml");
    writeFileSync(file, workspace);
    await promisify(execFile)(binary(), ["admin", "apply", file, `--data.directory=${this.data}`], { env: plainEnvironment() });
  }

  /** `kill -9`, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.#child) await end(this.#child, "SIGKILL");
  }

  /** SIGTERM: it drains and ends by itself. Returns its exit code; null when it had to be killed. */
  async stop(): Promise<number | null> {
    if (!this.#child) return null;
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await ended;
      clearTimeout(late);
    }
    return child.exitCode;
  }

  /** The value of a metric summed over its label sets; `labels` must all be among a set's. 0 when there is none. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const text = await (await fetch(`${this.ops}/metrics`)).text();
    const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    return text.split("\n").reduce((sum, line) => {
      const [, found, set = "", value] = /^([\w:]+)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
      return found === name && wanted.every((one) => set.split(/,(?=\w+=")/).includes(one)) ? sum + Number(value) : sum;
    }, 0);
  }

  /** Kills it and removes the data folder if it was made here. Safe to call twice. */
  async close(): Promise<void> {
    await this.kill();
    this.#log.end();
    if (this.#options.data === undefined) rmSync(this.data, { recursive: true, force: true });
  }

  #note(line: string): void {
    this.#lines.push(line);
    // Passwords of the demo stay out of what is kept as an artifact.
    if (!this.#log.writableEnded) this.#log.write(`${line.replace(/^(Desk \S+ \S+) \S+/, "$1 (password)")}\n`);
  }

  #printed(pattern: RegExp): RegExpExecArray[] {
    const unique = new Map(this.#lines.flatMap((line) => { const fit = pattern.exec(line); return fit ? [[line, fit] as const] : []; }));
    return [...unique.values()];
  }
}

/** Two nodes over one real Redis and one real PostgreSQL. Node a runs the demo shop. */
export interface Pair {
  readonly a: Server;
  readonly b: Server;
  readonly redis: Backend & { flushAll(): void };
  readonly postgres: Backend;
  /** Ends everything, nodes first. */
  close(): Promise<void>;
}

/** Starts two nodes; they share the record, the queues and the key that seals secrets. */
export async function startPair(artifacts: ArtifactSink, settings: Readonly<Record<string, string>> = {}): Promise<Pair> {
  const parts: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const part of parts.reverse().splice(0)) await part.close();
  };
  try {
    const redis = await startRedis();
    parts.push({ close: () => redis.stop() });
    const postgres = await startPostgres();
    parts.push({ close: () => postgres.stop() });
    const shared = { "redis.url": redis.url, "database.url": postgres.url, ...settings };
    const a = await Server.start({ artifacts, name: "a", settings: shared });
    parts.push(a);
    const b = await Server.start({ artifacts, name: "b", demo: false, settings: { "secrets.key_file": join(a.data, "secrets.key"), ...shared } });
    parts.push(b);
    return { a, b, redis, postgres, close };
  } catch (error) {
    await close();
    throw error;
  }
}
