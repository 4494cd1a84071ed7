import { defineConfig } from "vitest/config";

/** Unit tests, quick and without a browser. The stories in e2e have a configuration of their own. */
export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: {
    include: ["{shared,widget,desk,viewer}/**/*.test.{ts,tsx}"],
    maxWorkers: 2,
    testTimeout: 20_000,
  },
});
