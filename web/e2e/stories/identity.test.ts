import { createHmac, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { Stage } from "../stage.ts";

/** A JWT as a site's backend makes it, by HS256. */
function sign(secret: string, claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = `${part({ alg: "HS256", typ: "JWT", kid: "key-1" })}.${part(claims)}`;
  return `${head}.${createHmac("sha256", secret).update(head).digest("base64url")}`;
}

// SITE-4, S3: the site says who the visitor is, and nobody else can.
describe("a visitor whom the site names", () => {
  const stage = new Stage("identity");

  test("is read by the agent under that name, with the sign for it; a forged name opens nothing", { timeout: 120_000 }, async () => {
    const server = await stage.server();
    const secret = randomBytes(36).toString("base64");
    writeFileSync(join(server.data, "identity.secret"), secret, { mode: 0o600 });
    await server.apply(
      readFileSync(join(import.meta.dirname, "..", "..", "..", "chat", "site", "demo.yaml"), "utf8")
        .replace("origins: []", `origins: ["${new URL(server.shop).origin}"]`)
        .replace(/- key: demo .*\n/, "- key: demo\n    identity: [{id: key-1, algorithm: HS256, secret_file: identity.secret}]\n"),
    );
    const [visitor, forger, anna] = await Promise.all([stage.visitor("visitor", { wire: true }), stage.visitor("forger"), stage.desk("anna")]);
    const now = Math.floor(Date.now() / 1000);
    const claims = { aud: "demo", sub: "customer-4711", name: "Carla Example", email: "carla@example.com", iat: now, exp: now + 300 };
    const identify = (token: string): void => { (window as unknown as { Parlour: { identify(token: string): void } }).Parlour.identify(token); };

    await anna.signIn(server.sign(0));
    await anna.ready();
    await visitor.visit(server.shop);
    await visitor.page.see("button", "Chat with us");
    await visitor.page.evaluate(identify, sign(secret, claims));
    await visitor.open();
    await visitor.send("Where is my kettle?");
    await anna.rings();
    await anna.offer.seeText(/^Carla Example/);
    await anna.offer.see("img", /Verified/);
    await anna.page.screenshot("offered");
    await anna.open();
    await anna.page.see("img", /Verified/);
    await visitor.sees(/has joined the chat/);
    await visitor.follow(/cart/i);
    await visitor.sees("Where is my kettle?");
    await visitor.page.screenshot("next-page");

    await forger.visit(server.shop);
    await forger.page.see("button", "Chat with us");
    await forger.page.evaluate(identify, sign("another secret, which nobody gave to the site", { ...claims, name: "Not Carla" }));
    await forger.page.click("button", "Chat with us");
    await forger.panel.type("textbox", "Message", "It is me, Carla");
    await forger.panel.click("button", "Send");
    await forger.panel.seeText(/signature for this visitor is not valid/);
    expect(await forger.panel.evaluate(() => document.querySelector<HTMLTextAreaElement>("#message")?.value)).toBe("It is me, Carla");
    await forger.page.screenshot("forged");
    await anna.page.goneText(/Not Carla/);
    expect(await anna.page.evaluate(() => document.body.innerText)).not.toContain("It is me, Carla");
  });
});
