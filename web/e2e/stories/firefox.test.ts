import { describe, expect, test } from "vitest";

import { Stage } from "../stage.ts";

// VIS-1..5, ROUTE-1, DESK-6 in Firefox on both sides. Firefox pairs no loopback candidates, so here it stays on WebSocket.
describe("in Firefox", () => {
  const stage = new Stage("firefox");

  test("a chat from the question to the cleared card", { timeout: 150_000 }, async () => {
    const server = await stage.server();
    const [visitor, anna] = await Promise.all([stage.visitor("visitor", { kind: "firefox" }), stage.desk("anna", { kind: "firefox" })]);

    await anna.signIn(server.sign(0));
    await visitor.visit(server.shop);
    await visitor.open();
    await visitor.panel.type("textbox", "Your name (optional)", "Vera");
    await visitor.send("Do you have green tea?");
    await visitor.sees("You are next in line");
    await anna.ready();
    await anna.rings();
    await anna.reject();
    await visitor.sees(/in line/);
    await anna.rings({ within: 30_000 });
    await anna.page.screenshot("offer");
    await anna.open();
    await visitor.sees(/Anna has joined/);
    await anna.page.type("textbox", "Message", "Yes, three");
    await visitor.sees(/Anna is typing/);
    await anna.send("Yes, three kinds.");
    await visitor.sees("Yes, three kinds.");
    await visitor.send("Lovely.");
    await anna.sees("Lovely.");
    await visitor.sees(/^(✓✓ )?(Delivered|Read)$/);
    await visitor.page.screenshot("talking-visitor");
    await anna.page.screenshot("talking-desk");

    // The next page, by a link of the shop, and a reload of the desk.
    await visitor.visit(`${server.shop}cart`);
    await visitor.sees("Yes, three kinds.");
    await visitor.send("I am at the cart.");
    await anna.sees("I am at the cart.");
    await anna.page.reload();
    await anna.sees("I am at the cart.");
    expect(await anna.jumps(), "pixels that the card moves after it has been shown").toBe(0);
    await anna.park();
    await visitor.sees(/Anna will be back/);
    await anna.resume();
    await visitor.sees(/Anna is back/);

    await anna.end();
    await visitor.sees("This chat has ended.");
    await anna.clearCard();
    await anna.page.gone("button", "Clear card");
    await visitor.panel.click("button", "Start a new chat");
    await visitor.send("One more thing");
    await anna.rings({ within: 30_000 });
    await anna.accept();
    await visitor.sees(/Anna has joined/);
    await visitor.end();
    await anna.page.see("button", "Clear card");

    expect(await server.metric("parlour_frames_total", { direction: "up", kind: "chat.post" })).toBeGreaterThanOrEqual(3);
    // Firefox pairs no loopback candidates and says so; the chat stays on the WebSocket.
    const ours = (line: string): boolean => line.startsWith("uncaught") && !line.includes("WebRTC: ICE failed");
    for (const page of [visitor.page, anna.page]) expect(page.console.filter(ours)).toEqual([]);
  });
});
