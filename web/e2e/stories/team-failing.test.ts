import { beforeAll, describe, expect, test } from "vitest";

import type { TeamDesk } from "../desk-team.ts";
import { until } from "../driver/index.ts";
import { Inspection } from "../inspection.ts";
import { Stage } from "../stage.ts";
import { longName, Team } from "../team.ts";

/** Lets the desk's list of whom to ask stay as it is while `run` goes on, as if the next look were long in coming. */
async function holdingTargets({ page }: TeamDesk, run: () => Promise<void>): Promise<void> {
  await page.evaluate(() => {
    const real = globalThis.fetch;
    const never = new Promise<Response>(() => undefined);
    globalThis.fetch = (input, init) => (typeof input === "string" && input.endsWith("/targets") ? never : real(input, init));
    Object.assign(globalThis, { release: () => { globalThis.fetch = real; } });
  });
  await run();
  await page.evaluate(() => (globalThis as unknown as { release: () => void }).release());
}

// TEAM-1, ROUTE-6, ROUTE-12, DESK-10, VIS-2: what cannot be done is said where it was tried, and what was begun is done when the server is back.
describe("when it does not go as it should", () => {
  const stage = new Stage("team-failing");
  const it = new Inspection();
  let team: Team;

  beforeAll(async () => {
    team = await Team.gather(stage);
  });

  test("what is refused says why, and stands until it is put away", { timeout: 240_000 }, async () => {
    const { anna, ben, max, vera, nils } = team;
    await anna.ready();
    await vera.ask("My kettle leaks.");
    await anna.rings();
    await anna.open();
    await ben.ready();
    await ben.is("Ready (0 of 4)");

    const dialog = await anna.choose("Transfer");
    await dialog.click("option", /^Ben,/);
    await holdingTargets(anna, async () => {
      await ben.pause();
      await dialog.click("button", "Transfer");
      await dialog.see("alert");
    });
    console.log(`the transfer is refused with: ${await dialog.read("alert")}`);
    await it.look("transfer-not-able", anna.page, [anna.page]);
    await anna.close("Transfer");

    await team.asksCome("returns");
    await nils.ask("It came without its lid.");
    const pickers = [ben, max];
    for (const one of pickers) await one.list("Returns").seeText("It came without its lid.");
    await team.atOnce(...pickers.map((one) => () => one.list("Returns").click("button", `Pick: ${longName}`)));
    const took = async (one: TeamDesk): Promise<boolean> => (await one.page.count("button", "End")) > 0;
    await until("one of them has it", async () => (await took(ben)) || (await took(max)));
    const [winner, loser] = (await took(ben)) ? [ben, max] : [max, ben];
    await loser.page.within("region", "Waiting list").see("alert");
    await it.look("pick-too-late", loser.page, [loser.page]);
    await loser.page.click("button", "Dismiss");
    await winner.end();
    await winner.clearCard();
    expect(it.wrong.join("\n")).toBe("");
  });

  test("with the server away each screen says so, and what was pressed is done when it is back", { timeout: 300_000 }, async () => {
    const { anna, ben, max, vera, nils, server } = team;
    await nils.ask("And it is scratched.");
    await ben.list("Returns").seeText("And it is scratched.");
    await max.ready();
    await max.is("Ready (0 of 1)");
    const dialog = await anna.choose("Transfer");
    await dialog.click("option", new RegExp(`^${longName},`));

    await server.kill();
    for (const one of [anna, ben, max]) await one.sees(/^Reconnecting|^Offline|^You are offline|^Connection lost/i);
    await dialog.click("button", "Transfer");
    await ben.list("Returns").click("button", `Pick: ${longName}`);
    await vera.panel.type("textbox", "Message", "Are you there?");
    await vera.panel.click("button", "Send");
    await max.account("menuitem", "Why? (me)");
    await max.page.within("dialog", /^Why\?/).see("alert");
    await Promise.all([
      it.look("transfer-away", anna.page, [anna.page]),
      it.look("pick-away", ben.page, [ben.page]),
      it.look("why-away", max.page, [max.page]),
      it.look("panel-away", vera.page, [vera.page, vera.panel]),
    ]);
    await max.close(/^Why\?/);
    await it.look("desk-away", max.page, [max.page]);

    await server.start();
    await team.asksCome("sales"); // the demo has begun anew with a workspace of its own
    for (const one of [anna, ben, max]) await one.sees("Connected", { within: 30_000 });
    await until("the transfer rings, or is refused because Max' desk was not back yet", async () => {
      const refused = (await anna.page.count("dialog", "Transfer")) > 0 && (await dialog.count("alert")) > 0;
      if (refused) await dialog.click("button", "Transfer");
      return (await max.page.count("alertdialog", "Transfer")) > 0;
    }, 30_000);
    await anna.page.gone("dialog", "Transfer");
    await max.take("Transfer");
    await ben.sees("And it is scratched.");
    await vera.sees("Are you there?");
    await max.sees("Are you there?");
    expect((await max.why()).offers[0]).toMatch(/accepted/);
    await max.close(/^Why\?/);
    console.log(`${it.screens} screens looked at`);
    expect(it.wrong.join("\n")).toBe("");
  });
});
