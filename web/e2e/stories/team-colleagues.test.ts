import { beforeAll, describe, expect, test } from "vitest";

import { until } from "../driver/index.ts";
import { Stage } from "../stage.ts";
import { longName, Team } from "../team.ts";

const note = "He has the order number, and wants a new kettle rather than the money.";

// One conversation that goes from desk to desk; each test goes on where the one before has left it.
describe("with colleagues", () => {
  const stage = new Stage("team-colleagues");
  let team: Team;

  beforeAll(async () => {
    team = await Team.gather(stage);
  });

  // TEAM-1, ROUTE-12
  test("a transfer that is refused leaves the conversation where it was, with the reason; one that is accepted moves it wholly", async () => {
    const { anna, ben, vera } = team;
    await anna.ready();
    await vera.ask("My kettle leaks.");
    await anna.rings();
    await anna.open();
    await ben.ready();
    await ben.is("Ready (0 of 4)");

    // Whom it can be asked of, and why not of the others.
    const dialog = await anna.choose("Transfer");
    await dialog.see("option", "Ben, Ready (0 of 4)");
    await dialog.see("option", `${longName}, Not ready`);
    await dialog.enabled("option", `${longName}, Not ready`, false);
    await dialog.click("option", "Sales, 1 ready, 0 waiting");
    await dialog.see("checkbox", "Leave at once");
    await dialog.click("option", /^Ben,/);
    await dialog.gone("checkbox", "Leave at once");
    await dialog.type("textbox", "Note", note);
    await anna.page.screenshot("transfer-anna");
    await dialog.click("button", "Transfer");
    await anna.sees("Transfer to Ben: waiting");
    await ben.hearsOf("Transfer");
    await ben.window("Transfer").seeText("Anna");
    await ben.window("Transfer").seeText(note);
    await anna.page.screenshot("transfer-waits-anna");
    await ben.page.screenshot("transfer-rings-ben");

    // It is still Anna's, who can talk on meanwhile.
    await anna.send("One moment, please.");
    await vera.sees("One moment, please.");
    await ben.rejectBecause("Not my subject", "Transfer");
    await anna.sees("Transfer to Ben was refused: Not my subject.");
    await anna.page.screenshot("transfer-refused-anna");
    await vera.send("I wait.");
    await anna.sees("I wait.");

    await anna.ask("Transfer", /^Ben,/, note);
    await ben.hearsOf("Transfer");
    await ben.take("Transfer");
    await vera.sees("You are now talking to Ben.");
    await anna.page.see("group", "Empty card");
    await anna.is("Ready (0 of 4)");
    await ben.sees(`Anna asked Ben to take over. Note: ${note}`);
    await ben.sees("Ben took the conversation over.");
    await ben.sees("One moment, please.");
    await ben.send("I am Ben. Show me the leak.");
    await vera.sees("I am Ben. Show me the leak.");
    await ben.page.goneText(/^First reply due/);
    await ben.page.screenshot("transferred-ben");
    const { decisions, offers } = await ben.why();
    expect(decisions[0]).toContain("Ben was asked for");
    expect(offers).toEqual([
      expect.stringMatching(/Ben: accepted after \d+ s\.$/), expect.stringMatching(/Ben: rejected it after \d+ s \(Not my subject\)\.$/), expect.stringMatching(/Anna: accepted after \d+ s\.$/),
    ]);
    await ben.close(/^Why\?/);
  });

  // TEAM-1
  test("what was asked can be taken back; then nothing rings any more", async () => {
    const { anna, ben } = team;
    await ben.ask("Transfer", /^Anna,/);
    await anna.hearsOf("Transfer");
    await ben.page.click("button", "Cancel request");
    await anna.page.gone("alertdialog", "Transfer");
    await ben.page.goneText("Transfer to Anna: waiting");
    await ben.sees("Transfer to Anna was taken back.");
    await anna.is("Ready (0 of 4)");
  });

  // TEAM-3
  test("a colleague is asked in private; the visitor neither sees nor hears of it", async () => {
    const { anna, ben, vera } = team;
    await ben.ask("Enquire", /^Anna,/, "Is it under guarantee?");
    await anna.hearsOf("Enquiry");
    await anna.window("Enquiry").seeText("Is it under guarantee?");
    await anna.page.screenshot("enquiry-rings-anna");
    await anna.take("Enquiry");
    await ben.show(/^Enquiry: Vera Lindqvist/);
    await ben.send("Bought last May: is that under guarantee?");
    await anna.sees("Bought last May: is that under guarantee?");
    await anna.send("Two years, so yes.");
    await ben.sees("Two years, so yes.");
    await Promise.all([anna.page.screenshot("enquiry-anna"), ben.page.screenshot("enquiry-ben")]);
    await ben.page.click("button", "Go to the conversation");
    await ben.send("It is under guarantee.");
    await vera.sees("It is under guarantee.");
    await ben.show(/^Enquiry: Vera Lindqvist/);
    await ben.page.click("button", "End enquiry");
    await anna.page.goneText("Bought last May: is that under guarantee?");
    await ben.page.within("navigation", "Conversations").gone("button", /^Enquiry/);
    const seen = await vera.panel.html();
    expect(seen).toContain("It is under guarantee.");
    for (const secret of ["Bought last May", "Two years", "Is it under", "order number", "enquir", "Enquir"]) expect(seen).not.toContain(secret);
    await vera.page.screenshot("after-enquiry-vera");
  });

  // TEAM-2
  test("one who is invited talks too, and has it when the owner leaves; the last one says where it goes", async () => {
    const { anna, ben, max, vera } = team;
    await max.ready();
    await max.is("Ready (0 of 1)");
    await ben.show(/^Vera Lindqvist/);
    const dialog = await ben.choose("Invite");
    await dialog.click("option", `${longName}, Ready (0 of 1)`);
    await ben.page.screenshot("invite-ben");
    await dialog.click("button", "Invite");
    await max.hearsOf("Invitation");
    await max.take("Invitation");
    await vera.sees(`${longName} has joined the chat.`);
    for (const one of [ben, max]) await one.sees(`Ben (owner), ${longName}`);
    await max.send("Good evening.");
    await vera.sees("Good evening.");
    await ben.sees("Good evening.");
    await vera.send("So many people.");
    await Promise.all([ben.sees("So many people."), max.sees("So many people.")]);
    expect(await max.page.count("button", "End"), "a guest does not end it").toBe(0);
    await Promise.all([ben.page.screenshot("invited-ben"), max.page.screenshot("invited-max")]);

    await ben.page.click("button", "Leave");
    await vera.sees("Ben has left the chat.");
    await max.sees(`${longName} owns the conversation now.`);
    await max.page.see("button", "End");
    await ben.page.see("group", "Empty card");
    await ben.pause();

    await max.page.click("button", "Leave");
    await max.page.screenshot("leave-max");
    await max.page.within("dialog", "Leave this conversation?").click("button", "Back to the queue");
    await vera.sees("You are back in line and keep your place.");
    await anna.rings();
    await anna.open();
    await anna.sees("My kettle leaks.");
    await anna.end();
    await vera.sees("This chat has ended.");
    await anna.clearCard();
    await until("nobody has a card any more", async () => (await Promise.all([anna, ben, max].map((one) => one.page.count("button", "Clear card")))).every((n) => n === 0));
  });
});
