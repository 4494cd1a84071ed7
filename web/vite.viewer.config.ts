import { defineConfig } from "vite";

/** Builds the co-browse viewer: one page and one script, served at /cobrowse/viewer. */
export default defineConfig({
  root: new URL("viewer", import.meta.url).pathname,
  base: "/cobrowse/",
  build: {
    outDir: new URL("dist/viewer", import.meta.url).pathname,
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: new URL("viewer/viewer.html", import.meta.url).pathname,
      output: { entryFileNames: "viewer.js", chunkFileNames: "viewer-[name].js", assetFileNames: "viewer-[name][extname]" },
    },
  },
});
