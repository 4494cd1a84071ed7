import { defineConfig } from "vitest/config";

/** The driver's own tests and the stories, one file at a time: they share the machine with several browsers. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    fileParallelism: false,
    passWithNoTests: true,
    maxWorkers: 1,
    pool: "forks",
    testTimeout: 120_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    reporters: ["verbose"],
    projects: [
      { extends: true, test: { name: "driver", include: ["driver/*.test.ts"] } },
      { extends: true, test: { name: "stories", include: ["stories/*.test.ts"] } },
    ],
  },
});
