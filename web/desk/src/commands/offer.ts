import type { Named } from "../../../shared/src/protocol.gen.ts";
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

/** Reject with one of the reasons. */
export function rejectBecause({ key, name }: Named): Command<Offer> {
  return { id: `offer.reject.${key}`, name, guard: open, run: (offer) => offer.reject(key) };
}
