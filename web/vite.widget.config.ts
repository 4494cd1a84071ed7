import { defineConfig, type UserConfig } from "vite";

const target = "es2022";
const outDir = new URL("dist/widget", import.meta.url).pathname;
const src = (path: string): string => new URL(`widget/${path}`, import.meta.url).pathname;

/** One script without imports, for a page that is not ours. */
function script(entry: string, name: string): UserConfig {
  return {
    publicDir: false,
    build: {
      outDir,
      emptyOutDir: false,
      target,
      rolldownOptions: { input: src(entry), output: { format: "iife", entryFileNames: name } },
    },
  };
}

const panel: UserConfig = {
  root: src("."),
  base: "/",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir,
    emptyOutDir: true,
    target,
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: { input: src("panel.html") },
  },
};

/** `--mode panel` first (it empties the folder), then `loader` and `capture`. */
export default defineConfig(({ mode }) => {
  if (mode === "loader") return script("src/loader/main.ts", "parlour.js");
  if (mode === "capture") return script("src/capture/main.ts", "cobrowse.js");
  return panel;
});
