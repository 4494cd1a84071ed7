import { beforeAll, describe, expect, test } from "vitest";

import { TeamDesk } from "../desk-team.ts";
import { Inspection } from "../inspection.ts";
import { makeMedia } from "../media.ts";
import type { Server } from "../server.ts";
import { Stage } from "../stage.ts";
import type { Visitor } from "../visitor.ts";

// VIS-6, ROUTE-3, ROUTE-9, STATE-1: a visitor begins with a call. Ben has chosen to work by chat only; Anna can do all.
describe("a call without a word before", () => {
  const stage = new Stage("call-first");
  const it = new Inspection();
  let server: Server;
  let vera: Visitor;
  let anna: TeamDesk;
  let ben: TeamDesk;

  beforeAll(async () => {
    const [red, blue] = [makeMedia("red", 440), makeMedia("blue", 880)];
    for (const files of [red, blue]) stage.keep({ close: () => Promise.resolve(files.remove()) });
    const desk = async (who: string): Promise<TeamDesk> => new TeamDesk(await stage.page(who, { camera: blue.camera, microphone: blue.microphone }));
    [server, vera, anna, ben] = await Promise.all([
      stage.server({ settings: { "routing.ramp_up": "0s", "routing.restart_amnesty": "0s", "routing.offer_timeout": "90s" } }),
      stage.visitor("vera", { camera: red.camera, microphone: red.microphone }),
      desk("anna"), desk("ben"),
    ]);
    await Promise.all([anna.signIn(server.sign(0)), ben.signIn(server.sign(1)), vera.come(server.shop, "Vera Lindqvist")]);
    await ben.account("menuitemradio", "Sales by chat");
    await ben.ready();
    await ben.is("Ready (0 of 4)");
  });

  test("who keeps waiting is called by the first who can, in one click", { timeout: 180_000 }, async () => {
    await it.look("begin", vera.page, [vera.page, vera.panel]);
    await vera.panel.type("textbox", "Message", "Can you show me the blue kettle?");
    await vera.panel.click("button", "Start video");
    await vera.sees("Can you show me the blue kettle?");
    await vera.sees("Nobody who can do video is free right now.", { within: 20_000 });
    await vera.panel.click("button", "Keep waiting");
    await vera.panel.gone("button", "Chat now");
    await vera.sees("You are next in line");

    await anna.ready();
    await anna.hearsOf("Video");
    await anna.sees("Accept takes the video call, with your camera and microphone.");
    await it.look("video-rings", anna.page, [anna.page]);
    await anna.is("Not ready (No answer)", { within: 40_000 }); // looking takes long: it rings out, and rings again
    await anna.ready();
    await anna.hearsOf("Video", { within: 40_000 });
    await anna.take("Video");
    await vera.sees("Anna has joined the chat.");
    await Promise.all([vera.seesAndHears("blue", 880), anna.seesAndHears("red", 440)]);
    await anna.page.screenshot("video-anna");
    await vera.page.screenshot("video-vera");
    expect(anna.page.console.filter((line) => line.includes("mute"))).toEqual([]);
    await anna.hangUp();
    await anna.end();
    await vera.sees("This chat has ended.");
    await anna.clearCard();
    await anna.pause();
  });

  test("with only chat to be had, the visitor is told, and chats now", { timeout: 180_000 }, async () => {
    await vera.panel.click("button", "Start a new chat");
    await vera.panel.click("button", "Start video");
    await vera.sees("I would like a video call.");
    await vera.sees("When somebody answers, your browser asks for your camera and microphone.");
    await vera.sees("Nobody who can do video is free right now.", { within: 20_000 });
    await it.look("chat-only", vera.page, [vera.page, vera.panel]);
    await it.mirrored("chat-only", vera.page, vera.panel);
    expect(await ben.ringing(), "who cannot do video is not asked").toBe(0);

    await vera.panel.pressIn("button", "Chat now", "Enter");
    await vera.panel.until("the keyboard is in the message box", () => document.activeElement?.id === "message", undefined);
    await ben.rings();
    await ben.open();
    await vera.sees("Ben has joined the chat.");
    await vera.panel.gone("button", "Chat now");
    await ben.send("What can I do for you?");
    await vera.sees("What can I do for you?");
    expect(await vera.panel.count("button", "Cancel"), "who has chosen to chat asks for no call").toBe(0);
    console.log(`${it.screens} screens looked at`);
    expect(it.wrong.join("\n")).toBe("");
  });
});
