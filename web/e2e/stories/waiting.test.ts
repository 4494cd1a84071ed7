import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import type { Frame } from "../driver/index.ts";
import { Inspection } from "../inspection.ts";
import { Stage } from "../stage.ts";

const longName = "Maximiliane-Konstantine von und zu Hohenlohe-Schillingsfürst";
const day = 24 * 60 * 60 * 1000;

interface Staged {
  status?: object;
  conversation?: object;
}

/** Lets the panel hear more of site and conversation than the server says, so that each screen comes when it is wanted. */
async function stageBefore(panel: Frame): Promise<void> {
  await panel.evaluate(() => {
    const staged: Staged = {};
    Object.assign(globalThis, { staged });
    const real = globalThis.fetch;
    globalThis.fetch = async (input, init) => {
      const answer = await real(input, init);
      if (!(typeof input === "string" && input.endsWith("/status"))) return answer;
      return Response.json({ ...((await answer.json()) as object), staffed: true, ...staged.status });
    };
    const more = (data: unknown): unknown => {
      if (typeof data !== "string") return data;
      const frame = JSON.parse(data) as { body?: { items?: Record<string, object>; set?: Record<string, object> } };
      for (const items of [frame.body?.items, frame.body?.set]) {
        for (const [key, item] of Object.entries(items ?? {})) {
          if ("conversation" in item && key.startsWith("conversation/")) Object.assign(item.conversation as object, staged.conversation);
          if ("site" in item && key.startsWith("site/")) Object.assign(item.site as object, { staffed: true }, staged.status);
        }
      }
      return JSON.stringify(frame);
    };
    globalThis.WebSocket = class extends WebSocket {
      override set onmessage(hear: ((event: MessageEvent) => void) | null) {
        super.onmessage = hear && ((event: MessageEvent<unknown>): void => { hear(new MessageEvent("message", { data: more(event.data) })); });
      }
    };
  });
}

async function now(panel: Frame, staged: Staged): Promise<void> {
  await panel.evaluate((it) => { Object.assign((globalThis as unknown as { staged: Staged }).staged, it); }, staged);
}

// SITE-5, VIS-1, SITE-7: who cannot be served at once, with and without a screen reader, on any screen, in any colours.
describe("who has to wait, and who finds nobody", () => {
  const stage = new Stage("waiting");

  test("axe finds nothing, nothing is wider than its window, the keyboard is where it is needed", { timeout: 300_000 }, async () => {
    const server = await stage.server({ settings: { "webrtc.udp_address": "", "webrtc.tcp_address": "" } });
    const visitor = await stage.visitor();
    const { page, panel } = visitor;
    const it = new Inspection();
    const look = (name: string): Promise<void> => it.look(name, page, [page, panel]);
    const focused = (id: string): Promise<unknown> => panel.until(`the keyboard is in ${id}`, (wanted) => document.activeElement?.id === wanted, id);

    await visitor.visit(server.shop);
    await visitor.open();
    await stageBefore(panel);
    await panel.type("textbox", "Message", "Do you have tea?");
    for (const [reason, words] of [
      ["slow", /You would have to wait long/],
      ["full", /Too many people are waiting/],
      ["nobody", /Nobody is at the desk/],
      ["closed", /We are closed right now. We open tomorrow at/],
    ] as const) {
      await now(panel, { status: { open: reason !== "closed", accepting: false, reason, opensAt: reason === "closed" ? Date.now() + day : 0 } });
      await panel.seeText(words, { within: 10_000 });
    }
    await panel.see("group", "Leave a message");
    expect(await panel.evaluate(() => document.querySelector<HTMLTextAreaElement>("#message")?.value)).toBe("Do you have tea?");
    await panel.type("textbox", "Your name (optional)", longName);
    await panel.type("textbox", "E-mail", "maximiliane@example.com");
    await look("closed");
    await it.mirrored("closed", page, panel);

    await now(panel, { status: { open: true, accepting: true, reason: undefined } });
    await panel.see("button", "Send", { within: 10_000 });
    await now(panel, { conversation: { position: 3, lowMs: 240_000, highMs: 540_000, ahead: 1, medium: "video", chatOnly: true, choice: true } });
    await panel.click("button", "Send");
    await visitor.sees("You are number 3 in line");
    await visitor.sees("About 4 to 9 minutes");
    await visitor.sees("Somebody who was already talking with us goes first.");
    await look("waiting");
    await panel.click("button", "Keep waiting");
    await panel.gone("button", "Chat now");
    await panel.click("button", "Leave a message instead");
    await panel.see("group", "Leave a message");
    await focused("message");
    await look("message-instead");
    await panel.click("button", "Keep waiting");
    await focused("message");
    await panel.see("button", "Leave a message instead");
    await visitor.leaveQueue();
    await visitor.sees("This chat has ended.");

    console.log(`${it.screens} screens looked at`);
    expect(it.wrong.join("\n")).toBe("");
  });

  test("a site that closes takes what was typed as a message; when it opens, a chat can be had", { timeout: 120_000 }, async () => {
    const server = await stage.server({ name: "hours" });
    const visitor = await stage.visitor("late");
    const { page, panel } = visitor;
    const it = new Inspection();
    const until = (closed: string): string =>
      readFileSync(join(import.meta.dirname, "..", "..", "..", "chat", "site", "demo.yaml"), "utf8")
        .replace("origins: []", `origins: ["${new URL(server.shop).origin}"]`)
        .replace("queues: [sales, support, returns, urgent]", "queues: [sales]")
        .replace("- key: sales\n", `- key: sales\n    closed_until: ${closed}\n`);

    await visitor.visit(server.shop);
    await visitor.open();
    await panel.type("textbox", "Message", "Do you have tea?");
    await server.apply(until(new Date(Date.now() + 3 * day).toISOString()));
    await panel.seeText(/We are closed right now. We open \w+day at/, { within: 12_000 });
    expect(await panel.evaluate(() => document.querySelector<HTMLTextAreaElement>("#message")?.value)).toBe("Do you have tea?");
    await panel.type("textbox", "E-mail", "maximiliane@example.com");
    await panel.click("button", "Leave message");
    await visitor.sees(/^Thank you\./);
    await visitor.sees("Do you have tea?");
    await panel.until("the keyboard is on what comes next", () => document.activeElement?.textContent === "Start a new chat", undefined);
    await it.look("message-left", page, [page, panel]);
    await panel.click("button", "Start a new chat");
    await panel.see("group", "Leave a message");
    await server.apply(until('""'));
    await panel.see("button", "Send", { within: 12_000 });
    await visitor.send("Good morning");
    await visitor.sees("You are next in line");
    expect(it.wrong.join("\n")).toBe("");
  });
});
