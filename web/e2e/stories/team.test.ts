import { beforeAll, describe, expect, test } from "vitest";

import type { TeamDesk, Told } from "../desk-team.ts";
import { until } from "../driver/index.ts";
import { Stage } from "../stage.ts";
import { longName, Team } from "../team.ts";

// Three agents at the desk; each test begins and ends with all of them paused and without conversations.
describe("who gets which conversation", () => {
  const stage = new Stage("team");
  let team: Team;

  beforeAll(async () => {
    team = await Team.gather(stage);
  });

  // ROUTE-4, ROUTE-12, DESK-2
  test("who refuses stays ready and another is asked; Why? says so, and says the same when all has changed", async () => {
    const { anna, ben, max, vera } = team;
    await anna.ready();
    await vera.ask("Do you have green tea?");
    await anna.rings();
    await anna.page.screenshot("offer-anna");
    await ben.ready();
    await ben.is("Ready (0 of 4)");
    await anna.rejectBecause("Too busy");
    await ben.rings();
    await anna.is("Ready (0 of 4)");
    await ben.page.screenshot("offer-after-reject-ben");
    await ben.open();
    await vera.sees("Ben has joined the chat.");
    await ben.sees("Anna rejected it.");

    const told = await ben.why();
    await ben.page.screenshot("why-ben");
    expect(told.decisions).toEqual([
      expect.stringMatching(/Sales: offered to Ben, who was the only one who could/),
      expect.stringMatching(/Sales: offered to Anna, who was the only one who could/),
    ]);
    expect(told.candidates.toSorted()).toEqual(["Anna was asked for this one, or is in it", "Ben could take it", `${longName} not ready`].toSorted());
    expect(told.offers).toEqual([expect.stringMatching(/Ben: accepted after \d+ s\.$/), expect.stringMatching(/Anna: rejected it after \d+ s \(Too busy\)\.$/)]);

    // Everything that it spoke of is different now.
    await Promise.all([anna.pause(), max.ready()]);
    await max.is("Ready (0 of 1)");
    await team.asksCome("support");
    expect(await ben.readAgain()).toEqual(told);
    await ben.close(/^Why\?/);
    await ben.pause();
    await ben.park();
    await ben.page.see("button", "Resume");
    expect(await ben.why()).toEqual(told);
    await ben.close(/^Why\?/);

    expect((await anna.why("me")).decisions).toEqual([
      expect.stringMatching(/Sales: offered to Ben/),
      expect.stringMatching(/Sales: offered to Anna/),
    ]);
    await anna.close(/^Why\?/);
    await ben.resume();
    await ben.end();
    await ben.clearCard();
    await max.pause();
  });

  // STATE-4, ROUTE-4
  test("who does not answer gets nothing more, is told so until the return, and another is asked", async () => {
    const { anna, ben, vera } = team;
    await team.asksCome("support");
    await anna.ready();
    await vera.ask("Is anybody there?");
    await anna.rings();
    await ben.ready();
    await anna.sees("An offer rang out, so you get no new ones. Choose Ready to go on.");
    await anna.is("Not ready (No answer)");
    await anna.page.screenshot("no-answer-anna");
    await ben.rings();
    await ben.open();
    await ben.sees("Anna did not answer.");
    expect((await ben.why()).offers[1]).toMatch(/Anna: did not answer after [4-9] s\.$/);
    await ben.close(/^Why\?/);
    await anna.is("Not ready (No answer)");
    await anna.ready();
    await anna.page.goneText(/An offer rang out/);
    await anna.is("Ready (0 of 4)");
    await ben.end();
    await ben.clearCard();
    await Promise.all([anna.pause(), ben.pause()]);
  });

  // ROUTE-5, STATE-4
  test("where all are asked at once, the first has it and the others read who", async () => {
    const { anna, ben, max, vera } = team;
    const all = [anna, ben, max];
    await team.asksCome("urgent");
    await Promise.all(all.map((one) => one.ready()));
    await Promise.all([anna.is("Ready (0 of 4)"), ben.is("Ready (0 of 4)"), max.is("Ready (0 of 1)")]);
    await vera.ask("My parcel leaks!");
    await Promise.all(all.map((one) => one.rings()));
    await ben.open();
    await Promise.all([anna.sees("Taken by Ben"), max.sees("Taken by Ben")]);
    await Promise.all([anna.page.screenshot("taken-anna"), max.page.screenshot("taken-max")]);
    await Promise.all([anna.page.goneText("Taken by Ben"), max.page.goneText("Taken by Ben")]);
    await Promise.all([anna.is("Ready (0 of 4)"), max.is("Ready (0 of 1)")]);
    await ben.end();
    await ben.clearCard();
    await Promise.all(all.map((one) => one.pause()));
  });

  // ROUTE-6, ROUTE-2
  test("from the waiting list the oldest is picked first, and who comes second reads who was first", async () => {
    const { anna, ben, vera, nils } = team;
    const [first, second] = ["I would like to send the blue kettle back.", "It came without its lid."];
    await team.asksCome("returns");
    await anna.list("Returns").seeText("Nobody waits here.");
    await anna.page.screenshot("list-empty-anna");
    await vera.ask(first);
    await anna.list("Returns").seeText(first);
    await nils.ask(second);
    for (const one of [anna, ben]) {
      await one.list("Returns").seeText(second);
      await one.list("Returns").enabled("button", `Pick: ${longName}`, false);
      expect(await one.ringing(), "a waiting list rings nobody").toBe(0);
    }
    await anna.page.screenshot("list-full-anna");
    await team.atOnce(...[anna, ben].map((one) => () => one.list("Returns").click("button", "Pick: Vera Lindqvist")));
    const has = async (one: TeamDesk): Promise<boolean> => (await one.page.count("group", "Vera Lindqvist")) > 0;
    await until("one of them has it", async () => (await has(anna)) || (await has(ben)));
    const annaHasIt = await has(anna);
    const [winner, loser, name] = annaHasIt ? [anna, ben, "Anna"] : [ben, anna, "Ben"];
    await vera.sees(`${name} has joined the chat.`);
    await winner.sees(first);
    await loser.sees(`Vera Lindqvist: ${name} took this conversation.`);
    await loser.page.screenshot("second-to-pick");
    await loser.page.click("button", "Dismiss");
    await loser.list("Returns").click("button", "Next: Returns");
    await nils.sees(`${annaHasIt ? "Ben" : "Anna"} has joined the chat.`);
    await loser.list("Returns").seeText("Nobody waits here.");
    expect((await winner.why()).decisions[0]).toContain(`Returns: picked by ${name}`);
    await winner.close(/^Why\?/);
    expect(await has(loser), "exactly one has it").toBe(false);
    await Promise.all([anna.end(), ben.end()]);
    await Promise.all([anna.clearCard(), ben.clearCard()]);
  });

  // DESK-6, ROUTE-8, ROUTE-12, STATE-3
  test("parked and resumed; wrap-up holds the place until the card is cleared, which brings the next", async () => {
    const { max, vera, nils } = team;
    await team.asksCome("sales");
    await max.ready();
    await vera.ask("Do you have white tea?");
    await max.rings();
    await max.open();
    await vera.sees(`${longName} has joined the chat.`);
    await max.is("Full (1 of 1)");
    await max.park();
    await vera.sees(`${longName} will be back soon.`);
    await max.page.see("heading", "Parked");
    await max.page.screenshot("parked-max");
    await max.page.within("toolbar", "Conversation actions").click("button", "Resume");
    await vera.sees(`${longName} is back.`);
    await max.send("Two kinds.");
    await vera.sees("Two kinds.");

    await nils.ask("And black tea?");
    await nils.sees("You are next in line");
    await max.end();
    await max.is("Wrap-up");
    await max.page.screenshot("wrap-up-max");
    await nils.sees("You are next in line");
    await max.why("me");
    await until("it is written down why nobody gets the second one", async () => /Sales: nobody could take it/.test((await max.readAgain()).decisions[0] ?? ""));
    await max.close(/^Why\?/);
    expect(await max.ringing(), "wrap-up takes the whole place").toBe(0);
    const cleared = Date.now();
    await max.clearCard();
    await max.rings();
    console.log(`the next offer rang ${Date.now() - cleared} ms after the card was cleared`);
    await max.open();
    const told: Told = await max.why();
    await max.page.screenshot("why-waited-max");
    expect(told.decisions[0]).toContain(`Sales: offered to ${longName}`);
    expect(told.waited.join("\n")).toMatch(/Sales: nobody could take it/);
    expect(told.waited.join("\n")).toContain(`${longName} no room left`);
    await max.close(/^Why\?/);
    await max.end();
    await max.clearCard();
    await max.pause();
  });

  // ROUTE-7
  test("an agent who has switched it on accepts by itself, until it is switched off", async () => {
    const { anna, vera, nils } = team;
    await team.asksCome("sales");
    await anna.account("menuitemcheckbox", "Accept by itself");
    await anna.ready();
    await vera.ask("Do you have oolong?");
    await vera.sees("Anna has joined the chat.");
    await anna.sees("Do you have oolong?");
    await until("no offer is left", async () => (await anna.ringing()) === 0);
    await anna.account("menuitemcheckbox", "Accept by itself");
    await nils.ask("And for me?");
    await anna.rings();
    await anna.page.screenshot("by-hand-again-anna");
    await anna.accept();
    await anna.show(/Maximiliane/);
    await anna.end();
    await anna.clearCard();
    await anna.end();
    await anna.clearCard();
    await anna.pause();
  });
});
