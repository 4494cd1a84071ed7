import { openChromium } from "./chromium.ts";
import { openFirefox } from "./firefox.ts";
import type { Browser, BrowserOptions } from "./types.ts";

export { Artifacts } from "./artifacts.ts";
export { NotSeen, until } from "./until.ts";
export type { ArtifactSink, Browser, BrowserOptions, Frame, Name, Page, Surface, Wait, WireFrame } from "./types.ts";

/** Starts a browser of the asked kind. The caller closes it; one that was not closed ends with the test process. */
export function openBrowser(options: BrowserOptions): Promise<Browser> {
  return options.kind === "firefox" ? openFirefox(options) : openChromium(options);
}
