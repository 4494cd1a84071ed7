import { defineConfig } from "vitest/config";

/** Unit tests: quick, without a browser. */
export default defineConfig({
  root: import.meta.dirname,
  test: { name: "shared", include: ["test/*.test.ts"] },
});
