import type { Named } from "../../../shared/src/protocol.gen.ts";
import { words } from "../catalogue.ts";
import type { Desk } from "../models/desk.ts";
import type { OwnState } from "../models/own-state.ts";
import { callCommands } from "./call.ts";
import { cardCommands } from "./card.ts";
import { cancelCobrowse, stopCobrowse } from "./cobrowse.ts";
import { bind, type Action, type Command } from "./command.ts";
import { accept, acceptAndOpen, reject } from "./offer.ts";
import { pickFirst, teamCommands, whyMe } from "./team.ts";

export const ready: Command<OwnState> = {
  id: "agent.ready",
  name: words.commands.ready,
  shortcut: "Alt+KeyY",
  guard: (own) => own.known.value && !own.ready.value,
  run: (own) => own.activate(),
};

/** Pause with each of the agent's reasons; the first is the plain Pause. */
export function pauses(own: OwnState): readonly Command<OwnState>[] {
  return own.pauseReasons.value.map(({ key, name }, i) => ({
    id: `agent.pause.${key}`,
    name: words.commands.pauseFor(name),
    ...(i === 0 ? { shortcut: "Alt+KeyS" } : {}),
    guard: (it) => it.known.value && (it.item.value?.declared !== "not_ready" || it.item.value.reason !== key),
    run: (it) => it.pause(key),
  }));
}

export const pauseAfterThese: Command<OwnState> = {
  id: "agent.pending",
  name: words.commands.afterThese,
  guard: (own) => own.canPend.value,
  run: (own) => own.pauseAfterThese(),
};

/** Takes one of the agent's profiles. */
export function chooseProfile({ key, name }: Named): Command<OwnState> {
  return {
    id: `agent.profile.${key}`,
    name: words.commands.profile(name),
    guard: (own) => own.canChoose.value && own.item.value?.profile !== key,
    run: (own) => own.choose(key),
  };
}

export const autoAccept: Command<OwnState> = {
  id: "agent.auto_accept",
  name: words.commands.autoAccept,
  guard: (own) => own.autoAllowed.value,
  run: (own) => own.setAutoAccept(!own.autoAccept.value),
};

export const nextCard: Command<Desk> = {
  id: "desk.next_card",
  name: words.commands.nextCard,
  shortcut: "Alt+PageDown",
  guard: (desk) => desk.places.places.value.length > 1,
  run: (desk) => desk.places.step(1),
};

export const previousCard: Command<Desk> = {
  id: "desk.previous_card",
  name: words.commands.previousCard,
  shortcut: "Alt+PageUp",
  guard: (desk) => desk.places.places.value.length > 1,
  run: (desk) => desk.places.step(-1),
};

/** At most so many cards stand on the desk by the agent's own wish. */
const mostCards = 12;

export const newCard: Command<Desk> = {
  id: "desk.new_card",
  name: words.commands.newCard,
  shortcut: "Alt+KeyN",
  guard: (desk) => desk.places.places.value.length < mostCards,
  run: (desk) => desk.places.add(),
};

export const cardToSide: Command<Desk> = {
  id: "desk.card_to_side",
  name: words.commands.cardToSide,
  shortcut: "Alt+Shift+PageDown",
  guard: (desk) => desk.places.places.value.length > 1,
  run: (desk) => desk.places.move("side"),
};

export const cardToTabs: Command<Desk> = {
  id: "desk.card_to_tabs",
  name: words.commands.cardToTabs,
  shortcut: "Alt+Shift+PageUp",
  guard: (desk) => desk.places.places.value.length > 1,
  run: (desk) => desk.places.move("tabs"),
};

export const palette: Command<Desk> = {
  id: "desk.palette",
  name: words.commands.palette,
  shortcut: "Mod+KeyK",
  guard: () => true,
  run: (desk) => {
    desk.overlay.value = "palette";
  },
};

export const shortcuts: Command<Desk> = {
  id: "desk.shortcuts",
  name: words.commands.shortcuts,
  shortcut: "?",
  guard: () => true,
  run: (desk) => {
    desk.overlay.value = "shortcuts";
  },
};

export const signOut: Command<Desk> = {
  id: "desk.sign_out",
  name: words.commands.signOut,
  guard: (desk) => desk.leaving.possible.value,
  run: (desk) => desk.leaving.ask(),
};

/** Every verb there is, bound to what is in front now, in the order of the palette. Reads signals. */
export function actions(desk: Desk): readonly Action[] {
  const offer = desk.offers.value[0];
  const card = desk.front.value;
  return [
    ...[accept, acceptAndOpen, reject].map((c) => bind(c, offer)),
    ...[...cardCommands, ...teamCommands].map((c) => bind(c, card)),
    ...callCommands.map((c) => bind(c, card?.call.value)),
    ...[stopCobrowse, cancelCobrowse].map((c) => bind(c, card?.cobrowse.value)),
    ...[ready, ...pauses(desk.own), pauseAfterThese, ...desk.own.profiles.value.map(chooseProfile), autoAccept].map((c) => bind(c, desk.own)),
    ...[pickFirst, whyMe, newCard, nextCard, previousCard, cardToSide, cardToTabs, palette, shortcuts, signOut].map((c) => bind(c, desk)),
  ];
}
