import { words } from "../catalogue.ts";
import type { Cobrowse } from "../models/cobrowse.ts";
import type { Command } from "./command.ts";

export const stopCobrowse: Command<Cobrowse> = {
  id: "cobrowse.stop",
  name: words.cobrowse.stop,
  guard: (cobrowse) => cobrowse.running.value,
  run: (cobrowse) => cobrowse.stop(),
};

export const cancelCobrowse: Command<Cobrowse> = {
  id: "cobrowse.cancel",
  name: words.cobrowse.cancel,
  guard: (cobrowse) => !cobrowse.running.value,
  run: (cobrowse) => cobrowse.stop(),
};
