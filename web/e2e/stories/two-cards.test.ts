import { describe, test } from "vitest";

import { TeamDesk } from "../desk-team.ts";
import { makeMedia } from "../media.ts";
import { Stage } from "../stage.ts";

// CALL-4, DESK-3: the call goes on, whichever conversation the agent looks at.
describe("an agent in a call who answers somebody else", () => {
  const stage = new Stage("two-cards");

  test("goes on hearing and being heard, and sees the picture again with the card", { timeout: 120_000 }, async () => {
    const [red, blue] = [makeMedia("red", 440), makeMedia("blue", 880)];
    for (const files of [red, blue]) stage.keep({ close: () => Promise.resolve(files.remove()) });
    const [server, vera, nils, page] = await Promise.all([
      stage.server(),
      stage.visitor("vera", { camera: red.camera, microphone: red.microphone }),
      stage.visitor("nils"),
      stage.page("anna", { camera: blue.camera, microphone: blue.microphone }),
    ]);
    const anna = new TeamDesk(page);
    await anna.signIn(server.sign(0));
    await anna.ready();
    await nils.visit(server.shop);
    await nils.open();
    await nils.panel.type("textbox", "Your name (optional)", "Nils");
    await nils.send("Is the walnut tray oiled?");
    await anna.rings();
    await anna.open();
    await anna.send("It is.");
    await vera.visit(server.shop);
    await vera.open();
    await vera.panel.type("textbox", "Your name (optional)", "Vera");
    await vera.send("Can you show me the kettle?");
    await anna.rings();
    await anna.open();
    await anna.startVideo();
    await vera.allow();
    await Promise.all([vera.seesAndHears("blue", 880), anna.seesAndHears("red", 440)]);

    await nils.send("With linseed?");
    await anna.show(/^Nils/);
    await anna.sees("With linseed?");
    await Promise.all([vera.seesAndHears("blue", 880), anna.hears(440)]);
    await anna.send("With linseed.");
    await anna.page.screenshot("other-card");

    await anna.show(/^Vera/);
    await anna.seesAndHears("red", 440);
    await anna.page.screenshot("back-at-the-call");
  });
});
