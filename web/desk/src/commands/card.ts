import { words } from "../catalogue.ts";
import type { Card } from "../models/card.ts";
import type { Command } from "./command.ts";

export const send: Command<Card> = {
  id: "card.send",
  name: words.card.send,
  guard: (card) => card.composer.canSend.value,
  run: (card) => card.composer.send(),
};

export const park: Command<Card> = {
  id: "card.park",
  name: words.card.park,
  shortcut: "Alt+KeyP",
  guard: (card) => card.canPark.value,
  run: (card) => card.park(),
};

export const resume: Command<Card> = {
  id: "card.resume",
  name: words.card.resume,
  shortcut: "Alt+KeyU",
  guard: (card) => card.canResume.value,
  run: (card) => card.resume(),
};

export const startAudio: Command<Card> = {
  id: "card.audio",
  name: words.card.audio,
  shortcut: "Alt+Shift+KeyA",
  guard: (card) => card.canAudio.value,
  run: (card) => card.startCall("audio"),
};

export const startVideo: Command<Card> = {
  id: "card.video",
  name: words.card.video,
  shortcut: "Alt+Shift+KeyV",
  guard: (card) => card.canVideo.value,
  run: (card) => card.startCall("video"),
};

export const startCobrowse: Command<Card> = {
  id: "card.cobrowse",
  name: words.card.cobrowse,
  shortcut: "Alt+Shift+KeyC",
  guard: (card) => card.canCobrowse.value,
  run: (card) => card.startCobrowse(),
};

export const end: Command<Card> = {
  id: "card.end",
  name: words.card.end,
  shortcut: "Alt+Shift+KeyE",
  guard: (card) => card.canEnd.value,
  run: (card) => card.end(),
};

export const clear: Command<Card> = {
  id: "card.clear",
  name: words.card.clear,
  shortcut: "Alt+KeyC",
  guard: (card) => card.canClear.value,
  run: (card) => card.clear(),
};

/** In the order of the palette. */
export const cardCommands: readonly Command<Card>[] = [send, park, resume, startAudio, startVideo, startCobrowse, end, clear];
