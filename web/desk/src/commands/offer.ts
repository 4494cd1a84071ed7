import { words } from "../catalogue.ts";
import type { Offer } from "../models/offer.ts";
import type { Command } from "./command.ts";

const open = (offer: Offer) => offer.open.value;

export const accept: Command<Offer> = {
  id: "offer.accept",
  name: words.offer.accept,
  shortcut: "Alt+KeyA",
  guard: open,
  run: (offer) => offer.accept(false),
};

export const acceptAndOpen: Command<Offer> = {
  id: "offer.open",
  name: words.offer.open,
  shortcut: "Alt+KeyO",
  guard: open,
  run: (offer) => offer.accept(true),
};

export const reject: Command<Offer> = {
  id: "offer.reject",
  name: words.offer.reject,
  shortcut: "Alt+KeyR",
  guard: open,
  run: (offer) => offer.reject(),
};

/** Reject with each of the reasons. */
export const rejectBecause: readonly Command<Offer>[] = Object.entries(words.rejectReasons).map(([reason, name]) => ({
  id: `offer.reject.${reason}`,
  name,
  guard: open,
  run: (offer) => offer.reject(reason),
}));
