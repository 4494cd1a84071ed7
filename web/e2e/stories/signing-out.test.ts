import { describe, expect, test } from "vitest";

import { TeamDesk } from "../desk-team.ts";
import { Inspection } from "../inspection.ts";
import { Stage } from "../stage.ts";
import { Talk } from "../talk.ts";

// STATE-6, DESK-5, VIS-1: who signs out with conversations open is asked, and what is open goes to the next at once.
describe("signing out", () => {
  const stage = new Stage("signing-out");

  test("asks where conversations are open; who goes all the same leaves them to the next, and the visitor reads it", { timeout: 120_000 }, async () => {
    const it = new Inspection();
    const server = await stage.server();
    const [visitor, one, other] = await Promise.all([stage.visitor("vera"), stage.page("anna"), stage.page("ben")]);
    const [anna, ben] = [new TeamDesk(one), new TeamDesk(other)];
    const question = anna.page.within("dialog", "Sign out?");
    await new Talk(visitor, anna).begin(server);

    const asked = async (): Promise<void> => {
      await anna.account("menuitem", "Sign out");
      await question.seeText("You have one open conversation.");
      await anna.page.until("the keys are on Stay", () => document.activeElement?.textContent === "Stay", undefined);
    };
    await asked();
    await it.look("sign-out", anna.page, [anna.page]);
    await anna.page.press("Enter");
    await anna.page.gone("dialog", "Sign out?");
    await anna.send("I am still here.");
    await visitor.sees("I am still here.");
    await asked();
    await anna.page.press("Escape");
    await anna.page.gone("dialog", "Sign out?");

    await ben.signIn(server.sign(1));
    await ben.ready();
    await asked();
    await question.click("button", "Sign out");
    await anna.page.see("button", "Sign in");
    await visitor.sees("Anna has signed out. You are back in line, and the next agent who is free takes over.");
    await it.look("signed-out", visitor.page, [visitor.page, visitor.panel]);
    await ben.rings();
    await ben.open();
    await ben.sees("I am still here.");
    await visitor.sees("Ben has joined the chat.");
    await anna.page.reload();
    await anna.page.see("button", "Sign in");

    // With nothing open there is nothing to ask.
    await anna.signIn(server.sign(0));
    await anna.account("menuitem", "Sign out");
    await anna.page.see("button", "Sign in");
    expect(it.wrong.join("\n")).toBe("");
  });
});
