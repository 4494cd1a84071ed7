import { words } from "../catalogue.ts";
import type { Card } from "../models/card.ts";
import type { Desk } from "../models/desk.ts";
import type { Waiting, WaitingList } from "../models/waiting.ts";
import type { WaitingItem } from "../../../shared/src/protocol.gen.ts";
import type { Command } from "./command.ts";

export const transfer: Command<Card> = {
  id: "card.transfer",
  name: words.team.transfer,
  shortcut: "Alt+Shift+KeyT",
  guard: (card) => card.canAsk("transfer"),
  run: (card) => card.askTeam("transfer"),
};

export const invite: Command<Card> = {
  id: "card.invite",
  name: words.team.invite,
  shortcut: "Alt+Shift+KeyI",
  guard: (card) => card.canAsk("invite"),
  run: (card) => card.askTeam("invite"),
};

export const enquire: Command<Card> = {
  id: "card.enquire",
  name: words.team.enquire,
  shortcut: "Alt+Shift+KeyQ",
  guard: (card) => card.canAsk("enquire"),
  run: (card) => card.askTeam("enquire"),
};

export const cancelRequest: Command<Card> = {
  id: "card.cancel_request",
  name: words.team.cancelRequest,
  guard: (card) => card.canCancelRequest.value,
  run: (card) => card.cancelRequest(),
};

export const leave: Command<Card> = {
  id: "card.leave",
  name: words.team.leave,
  guard: (card) => card.canLeave.value,
  run: (card) => card.leave(),
};

export const endEnquiry: Command<Card> = {
  id: "card.end_enquiry",
  name: words.team.endEnquiry,
  guard: (card) => card.canEndEnquiry.value,
  run: (card) => card.endEnquiry(),
};

export const why: Command<Card> = {
  id: "card.why",
  name: words.why.command,
  shortcut: "Alt+Shift+KeyW",
  guard: (card) => card.canWhy.value,
  run: (card) => card.askWhy(),
};

/** In the order of the palette. */
export const teamCommands: readonly Command<Card>[] = [transfer, invite, enquire, cancelRequest, leave, endEnquiry, why];

export const whyMe: Command<Desk> = {
  id: "agent.why",
  name: words.why.mine,
  guard: (desk) => desk.dialogs.can("why") && desk.own.known.value,
  run: (desk) => desk.whyMe(),
};

/** One who waits, in the list of all. */
export interface Waits {
  readonly waiting: Waiting;
  readonly item: WaitingItem;
}

export const pick: Command<Waits> = {
  id: "queue.pick_this",
  name: words.waiting.pick,
  guard: ({ waiting, item }) => waiting.canPick(item),
  run: ({ waiting, item }) => waiting.pick(item),
};

/** A waiting list, among all. */
export interface WaitsIn {
  readonly waiting: Waiting;
  readonly list: WaitingList;
}

export const next: Command<WaitsIn> = {
  id: "queue.next",
  name: words.waiting.next,
  guard: ({ waiting, list }) => waiting.canNext(list),
  run: ({ waiting, list }) => waiting.next(list),
};

export const pickFirst: Command<Desk> = {
  id: "queue.pick",
  name: words.waiting.pickFirst,
  shortcut: "Alt+KeyK",
  guard: ({ waiting, dialogs }) => dialogs.can("queue.pick") && waiting.first.value !== undefined && waiting.canPick(waiting.first.value),
  run: ({ waiting }) => waiting.first.value !== undefined && waiting.pick(waiting.first.value),
};
