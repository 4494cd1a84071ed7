import { describe, expect, test } from "vitest";

import { until } from "../driver/index.ts";
import { Stage } from "../stage.ts";

// VIS-1..5, ROUTE-1, DESK-6, S16 by the first rung alone: a site whose WebRTC ports are closed.
describe("with both WebRTC ports closed", () => {
  const stage = new Stage("websocket");

  test("all of chat works by WebSocket", { timeout: 120_000 }, async () => {
    const server = await stage.server({ settings: { "webrtc.udp_address": "", "webrtc.tcp_address": "" } });
    const [visitor, anna] = await Promise.all([stage.visitor("visitor", { wire: true }), stage.desk("anna", { wire: true })]);
    const posts = (): Promise<number> => server.metric("parlour_frames_total", { transport: "ws", direction: "up", kind: "chat.post" });

    await anna.signIn(server.sign(0));
    await visitor.visit(server.shop);
    await visitor.open();
    await visitor.panel.type("textbox", "Your name (optional)", "Vera");
    await visitor.send("Do you have green tea?");
    await visitor.sees("You are next in line");
    await anna.ready();
    await anna.rings();
    await anna.offer.seeText(/Do you have green tea/);
    await anna.offer.seeText(/^Vera/);
    await anna.open();
    await visitor.sees(/has joined the chat/);

    await anna.page.type("textbox", "Message", "Yes, three");
    await visitor.sees(/is typing/);
    await anna.page.type("textbox", "Message", "Yes, three kinds.");
    await anna.page.click("button", "Send");
    await visitor.sees("Yes, three kinds.");
    await visitor.panel.goneText(/is typing/);
    await anna.sees(/^(✓ )?(Delivered|Read)$/);
    await visitor.panel.type("textbox", "Message", "Lovely");
    await anna.sees("Vera is typing");
    await visitor.send("Lovely, two bags.");
    await anna.sees("Lovely, two bags.");
    await visitor.sees(/^(✓✓ )?(Delivered|Read)$/);

    // Order and number on both sides, when both write at once.
    const said = Array.from({ length: 5 }, (_, n) => n + 1);
    await Promise.all([
      (async () => { for (const n of said) await visitor.send(`visitor line ${n}`); })(),
      (async () => { for (const n of said) await anna.send(`agent line ${n}`); })(),
    ]);
    for (const side of [visitor.panel, anna.page]) {
      await side.seeText("visitor line 5");
      await side.seeText("agent line 5");
      const text = await side.evaluate(() => document.body.innerText);
      for (const who of ["visitor", "agent"]) {
        const shown = [...text.matchAll(new RegExp(`^\\s*${who} line (\\d+)\\s*$`, "gm"))].map(([, n]) => Number(n));
        expect(shown, `lines of the ${who} at ${side.url()}`).toEqual(said);
      }
    }

    // The next page and a reload of the desk find the conversation again.
    await visitor.visit(`${server.shop}cart`);
    await visitor.sees("agent line 5");
    await visitor.send("I am at the cart.");
    await anna.sees("I am at the cart.");
    await anna.page.reload();
    await anna.sees("I am at the cart.");

    await anna.end();
    await visitor.sees("This chat has ended.");
    await anna.clearCard();
    await anna.page.gone("button", "Clear card");
    await visitor.panel.click("button", "Start a new chat");
    await visitor.send("One more thing");
    await anna.rings();
    await anna.open();
    await visitor.end();
    await anna.page.see("button", "Clear card");

    expect(await server.metric("parlour_frames_total", { transport: "dc" })).toBe(0);
    expect(await server.metric("parlour_transports_open", { transport: "dc" })).toBe(0);
    expect(await posts()).toBeGreaterThanOrEqual(13);
    await until("two WebSockets are open and nothing else", async () => (await server.metric("parlour_transports_open", { transport: "ws" })) === 2);
    for (const page of [visitor.page, anna.page]) expect(page.wire.filter((one) => one.via === "datachannel")).toEqual([]);
    // The spy sees what goes by WebSocket, so that its silence about DataChannels means something.
    expect(visitor.page.wire.some((one) => one.via === "websocket" && one.way === "up" && one.text.includes("I am at the cart."))).toBe(true);
    await visitor.page.screenshot("end-visitor");
    await anna.page.screenshot("end-desk");
  });
});

// SITE-4, CALL-1: an extension or a policy of the visitor's company takes WebRTC from the browser.
describe("a visitor whose browser is kept from WebRTC", () => {
  const stage = new Stage("no-webrtc");

  test("chats, is offered no call, and says so to one that is asked for", { timeout: 120_000 }, async () => {
    const [server, visitor, anna] = await Promise.all([stage.server(), stage.visitor("visitor", { noWebRTC: true }), stage.desk("anna")]);
    await anna.signIn(server.sign(0));
    await anna.ready();
    await visitor.visit(server.shop);
    await visitor.open();
    expect(await visitor.panel.count("button", /Start (audio|video)/), "calls that cannot be had").toBe(0);
    await visitor.send("Do you have green tea?");
    await anna.rings();
    await anna.open();
    await visitor.sees("Anna has joined the chat.");
    await visitor.panel.see("button", "End chat");
    expect(await visitor.panel.count("button", /Start (audio|video)/), "calls that cannot be had").toBe(0);
    await anna.startVideo();
    await visitor.allow();
    await visitor.sees("This browser cannot have calls, so the call was not taken. The chat goes on.");
    await visitor.page.screenshot("no-calls");
    await anna.page.see("button", "Start video");
    await anna.send("Then we write.");
    await visitor.sees("Then we write.");
    await visitor.send("Gladly.");
    await anna.sees("Gladly.");
    await anna.cobrowse();
    await visitor.allow();
    await anna.replica.see("heading", /Tea, and what it takes/);
    await anna.page.screenshot("no-calls-desk");
    expect(visitor.page.console.filter((line) => line.startsWith("uncaught"))).toEqual([]);
  });
});
