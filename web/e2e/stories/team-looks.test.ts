import { beforeAll, describe, expect, test } from "vitest";

import { TeamDesk } from "../desk-team.ts";
import { Inspection } from "../inspection.ts";
import { push, tabTo, write } from "../keys.ts";
import { Stage } from "../stage.ts";
import { longName, Team } from "../team.ts";

// DESK-6, VIS-1: the screens of routing with and without a screen reader, on any screen, in any colours, by keys alone.
describe("the screens of routing", () => {
  const stage = new Stage("team-looks");
  let team: Team;

  beforeAll(async () => {
    team = await Team.gather(stage);
  });

  // TEAM-1, DESK-6
  test("a transfer from beginning to end without a pointer", async () => {
    const { anna, ben, vera } = team;
    await push(anna.page, "Ready");
    await vera.ask("My kettle leaks.");
    await anna.rings();
    await push(anna.page, "Open");
    await anna.page.gone("alertdialog", "Web chat");
    await push(ben.page, "Ready");
    await ben.is("Ready (0 of 4)");

    await push(anna.page, "Transfer");
    await anna.page.see("dialog", "Transfer");
    await anna.page.until("the list has the keys", () => document.activeElement?.getAttribute("role") === "listbox", undefined);
    await anna.page.press("ArrowDown");
    await anna.page.until("Ben is chosen", () => document.querySelector("[role=option][aria-selected=true]")?.textContent?.startsWith("Ben"), undefined);
    await write(anna.page, "Note", "Please.");
    await anna.page.press("Tab");
    expect(await anna.page.focused()).toBe('button "Transfer"');
    await anna.page.press("Enter");
    await anna.page.gone("dialog", "Transfer");
    await anna.page.until("the keys are in the card again", () => document.activeElement !== document.body && document.activeElement?.closest(".card") !== null, undefined);

    await ben.hearsOf("Transfer");
    await push(ben.page, "Open");
    await ben.page.gone("alertdialog", "Transfer");
    await vera.sees("You are now talking to Ben.");
    await write(ben.page, "Message", "Good evening.");
    await ben.page.press("Enter");
    await vera.sees("Good evening.");

    await push(ben.page, "Why?");
    await ben.page.see("dialog", /^Why\?/);
    await tabTo(ben.page, 'button "Read again"');
    await ben.page.press("Escape");
    await ben.page.gone("dialog", /^Why\?/);
    expect(await ben.page.focused()).toBe('button "Why?"');
  });

  // DESK-6
  test("axe finds nothing on dialogs, why, waiting list and notices, light and dark, wide and narrow; nothing is wider than its window", async () => {
    const { anna, ben, max, nils } = team;
    const it = new Inspection();
    await max.ready();
    for (const verb of ["Transfer", "Invite", "Enquire"] as const) {
      const dialog = await ben.choose(verb);
      await dialog.click("option", /^Anna,/);
      await it.look(verb, ben.page, [ben.page]);
      await ben.close(verb);
    }
    await ben.ask("Enquire", new RegExp(`^${longName},`), "Is it under guarantee?");
    await max.take("Enquiry");
    await it.look("enquiry", max.page, [max.page]);
    await max.page.click("button", "End enquiry");
    await ben.ask("Transfer", /^Anna,/);
    await anna.rejectBecause("Not my subject", "Transfer");
    await ben.sees("Transfer to Anna was refused: Not my subject.");
    await it.look("refused", ben.page, [ben.page]);
    await ben.why();
    await it.look("why", ben.page, [ben.page]);
    await ben.close(/^Why\?/);
    await ben.page.click("button", "Leave");
    await ben.page.see("dialog", "Leave this conversation?");
    await it.look("leave", ben.page, [ben.page]);
    await ben.close("Leave this conversation?");

    await team.asksCome("returns");
    await nils.ask("It came without its lid, and the box was open when I had it from the neighbour, who says that it was so when it came.");
    await anna.list("Returns").seeText(/without its lid/);
    await it.look("waiting-list", anna.page, [anna.page]);
    console.log(`${it.screens} screens looked at`);
    expect(it.wrong.join("\n")).toBe("");
  });
});

// ROUTE-12, DESK-6: a conversation about which more was decided than one answer tells.
describe("a long story", () => {
  const stage = new Stage("why-older");

  test("why? is read page by page, by keys alone, light and dark", { timeout: 180_000 }, async () => {
    // Who rejects is asked again at once: so each reject is one more decision.
    const settings = { "routing.ramp_up": "0s", "routing.restart_amnesty": "0s", "routing.exclude_for": "0s" };
    const [server, page, vera] = await Promise.all([stage.server({ settings }), stage.page("anna"), stage.visitor("vera")]);
    const anna = new TeamDesk(page);
    await anna.signIn(server.sign(0));
    await anna.ready();
    await vera.come(server.shop, "Vera Lindqvist");
    await vera.ask("My kettle leaks.");
    await anna.rings();
    const rejects = 203;
    await anna.rejectTimes(rejects);
    await anna.open();
    await push(anna.page, "Why?");
    await anna.page.within("dialog", /^Why\?/).see("region", "Decisions");
    const first = await anna.told();
    expect([first.decisions.length, first.offers.length > 0]).toEqual([200, true]);

    const it = new Inspection();
    await push(anna.page, "Show older");
    await anna.page.gone("button", "Show older");
    const all = await anna.told();
    expect(all.decisions.length, "one for each offer").toBe(rejects + 1);
    expect(all.offers.length).toBe(rejects + 1);
    expect(all.decisions.slice(0, 200), "what was read stays as it was").toEqual(first.decisions);
    expect(await anna.page.evaluate(() => document.activeElement?.closest("[role=dialog]") !== null), "the keys stay in the dialog").toBe(true);
    await it.look("why-older", anna.page, [anna.page]);
    await push(anna.page, "Read again");
    await anna.page.see("button", "Show older");
    await anna.page.within("dialog", /^Why\?/).enabled("button", "Read again");
    expect(await anna.page.focused(), "it can be pressed once more").toBe('button "Read again"');
    expect(it.wrong.join("\n")).toBe("");
  });
});

// ROUTE-2, DESK-3: own work is taken up while something else rings.
describe("no room for what rings", () => {
  const stage = new Stage("no-room");

  test("the offer says so and rings on, and is accepted when there is room", { timeout: 120_000 }, async () => {
    const [server, page, vera, nils] = await Promise.all([
      stage.server({ settings: { "routing.ramp_up": "0s", "routing.restart_amnesty": "0s" } }), stage.page("anna"), stage.visitor("vera"), stage.visitor("nils"),
    ]);
    await server.apply(oneChat(new URL(server.shop).origin));
    const anna = new TeamDesk(page);
    await anna.signIn(server.sign(0));
    await anna.ready();
    await vera.come(server.shop, "Vera Lindqvist");
    await nils.come(server.shop, "Nils");
    await vera.ask("My kettle leaks.");
    await anna.rings();
    await anna.open();
    await anna.park();
    await anna.page.see("button", "Resume");
    await nils.ask("And I have lost the lid.");
    await anna.rings();
    await anna.resume();
    await anna.page.see("button", "Park");

    await push(anna.page, "Accept");
    await anna.sees("You have no room: park or end one, then accept.");
    const it = new Inspection();
    await it.look("no-room", anna.page, [anna.page]);
    expect(it.wrong.join("\n")).toBe("");

    await push(anna.page, "Park");
    await anna.page.see("button", "Resume");
    await push(anna.page, "Open");
    await anna.page.gone("alertdialog", "Web chat");
    await nils.sees("Anna has joined the chat.");
    await anna.is("Full (1 of 1)");
  });
});

/** One agent with room for one conversation; what is parked costs nothing. */
function oneChat(shop: string): string {
  return `
workspace: {key: default, name: "Birch & Kettle"}
queues:
  - {key: sales, name: Sales, offer_seconds: 60, parked_percent: 0}
sites:
  - {key: demo, name: "Birch & Kettle", origins: ["${shop}"], queues: [sales], color: "#0b6e4f"}
profiles:
  - {name: Everything, queues: [sales], media: [chat]}
roles:
  - {name: agent, permissions: [desk]}
agents:
  - {email: anna@demo.test, name: Anna, role: agent, profile: Everything, max_chats: 1}
`;
}
