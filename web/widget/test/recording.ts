import { chromium, type Browser, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect } from "vitest";
import { findBrowser } from "../../e2e/driver/find-browser.ts";
import { captureKey, type StartCapture } from "../src/port.ts";

/** What stands in a page beside what is tested. */
export const open = `<h1>CONTROL-heading</h1><button>CONTROL-button</button><input type="submit" value="CONTROL-submit"><p id="live">before</p><svg viewBox="0 0 9 9"><path d="M0 0CONTROL-path"/></svg>`;

let browser: Browser;
let script: string;

/** Builds the capture and opens a browser for the tests of a file. */
export function recordInChromium(): void {
  beforeAll(async () => {
    const built = await build({
      configFile: false,
      logLevel: "error",
      build: { write: false, target: "es2022", rolldownOptions: { input: new URL("../src/capture/main.ts", import.meta.url).pathname, output: { format: "iife" } } },
    });
    const output = Array.isArray(built) ? built[0]! : built;
    if (!("output" in output)) throw new Error("nothing was built");
    script = output.output[0].code;
    browser = await chromium.launch({ executablePath: findBrowser("chromium"), chromiumSandbox: false });
  }, 60_000);
  afterAll(() => browser?.close());
}

export interface Recorded {
  /** In base 64. */
  packets: string[];
}

/** A page that is recorded; `before` runs in it first. */
export async function recording(html: string, before = ""): Promise<Page> {
  const page = await browser.newPage();
  await page.route("**/inner*", (route) =>
    route.fulfill({ contentType: "text/html", body: `<!doctype html><body><section>${route.request().url().endsWith("free") ? "CONTROL" : "CANARY"}-frame<b></b></section></body>` }),
  );
  await page.route(/^(?!.*[/]inner)/, (route) =>
    new URL(route.request().url()).pathname === "/shop"
      ? route.fulfill({ contentType: "text/html", body: `<!doctype html><html><head><title>Shop</title></head><body>${html}<p id="fence"></p><div id="parlour-widget">CANARY-own</div></body></html>` })
      : route.fulfill({ status: 404, body: "" }),
  );
  await page.goto("https://shop.example/shop?session=CANARY-url#CANARY-hash");
  await page.evaluate(before);
  await page.evaluate(script);
  await page.evaluate((key) => {
    const own = window as unknown as Recorded & Record<string, unknown>;
    own.packets = [];
    const start = own[key] as StartCapture;
    own["capture"] = start({
      cobrowse: "01920000-0000-7000-8000-0000000000bb",
      mask: [".private"],
      own: "#parlour-widget",
      emit: (packet) => void own.packets.push(btoa(String.fromCharCode(...new Uint8Array(packet)))),
    });
  }, captureKey);
  return page;
}

export interface Packet {
  type: number;
  flags: number;
  gen: number;
  seq: number;
  id: string;
  /** As bytes: a character may lie in two packets. */
  body: Buffer;
  json: string;
  size: number;
}

export function read(packet: string): Packet {
  const data = Buffer.from(packet, "base64");
  return { type: data[1]!, flags: data[2]!, gen: data.readUInt32BE(4), seq: data.readUInt32BE(8), id: data.toString("hex", 12, 28), body: data.subarray(28), json: data.toString("utf8", 28), size: data.length };
}

export const handed = async (page: Page): Promise<Packet[]> => (await page.evaluate(() => (window as unknown as Recorded).packets)).map(read);

/**
 * What has been handed over, when all that happened so far is in it: packets keep the order of the page, so a change that
 * comes later is a fence. The field that is typed into is left first, for a field is told when it is left; the second fence
 * stands behind what the events before the first have set off.
 */
export async function packets(page: Page): Promise<Packet[]> {
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  let all: Packet[] = [];
  for (const fence of [1, 2].map((n) => `FENCE-${n}-${fences++}`)) {
    await page.evaluate((text) => void (document.getElementById("fence")!.textContent = text), fence);
    await expect.poll(async () => whole((all = await handed(page))), { timeout: 20_000 }).toContain(fence);
  }
  return all;
}

let fences = 0;

interface Told {
  data: { node?: Written; adds?: { node: Written }[]; texts?: { id: number; value: string }[] };
}
interface Written {
  textContent?: string;
  childNodes?: Written[];
}

/** Every text of the page that was ever sent. */
export function texts(all: readonly Packet[]): string[] {
  const found: string[] = [];
  const take = (node: Written): void => {
    if (node.textContent) found.push(node.textContent);
    node.childNodes?.forEach(take);
  };
  let begun: Packet[] = [];
  for (const packet of all) {
    begun.push(packet);
    if ((packet.flags & 2) === 0) continue;
    const json = whole(begun);
    begun = [];
    for (const { data } of JSON.parse(json) as Told[]) {
      if (data.node) take(data.node);
      for (const add of data.adds ?? []) take(add.node);
      for (const { value } of data.texts ?? []) found.push(value);
    }
  }
  return found;
}

export const whole = (all: readonly Packet[]): string => all.map((p) => p.json).join("");
