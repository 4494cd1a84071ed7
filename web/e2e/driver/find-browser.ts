import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const names = {
  chromium: ["chromium", "chromium-browser", "google-chrome"],
  firefox: ["firefox-esr", "firefox"],
} as const;

/** Path of an installed browser: PARLOUR_CHROMIUM or PARLOUR_FIREFOX, else the first known name on PATH. Throws when there is none. */
export function findBrowser(kind: "chromium" | "firefox"): string {
  const given = process.env[`PARLOUR_${kind.toUpperCase()}`];
  if (given !== undefined && given !== "") return given;
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    for (const name of names[kind]) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        continue;
      }
    }
  }
  throw new Error(`no ${kind} found: install it (${names[kind].join(", ")}) or set PARLOUR_${kind.toUpperCase()} to its path`);
}
