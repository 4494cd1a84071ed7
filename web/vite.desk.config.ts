import { defineConfig } from "vite";

/** Builds the agent's desk, served at /desk/. */
export default defineConfig({
  root: new URL("desk", import.meta.url).pathname,
  base: "/desk/",
  build: {
    outDir: new URL("dist/desk", import.meta.url).pathname,
    emptyOutDir: true,
    target: "es2022",
    // light-dark() is left as it is written: replaced for older browsers it needs a literal color-scheme, and Mantine sets its own by a variable.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      onLog(level, log, next) {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") next(level, log); // "use client" of libraries means nothing here
      },
    },
  },
  server: { proxy: { "/v1": { target: "http://localhost:8080", ws: true }, "/cobrowse": "http://localhost:8080" } },
});
