// Asserts how much a browser must load, gzipped. The desk's first load is what its document names, with what that imports at once.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const dist = join(dirname(fileURLToPath(import.meta.url)), "dist");
const read = (path) => readFileSync(join(dist, path));
const gzipped = (path) => gzipSync(read(path), { level: 9 }).length;

/** Files that a document loads by itself, and that those import without waiting. */
function firstLoad(folder, document) {
  const found = new Set();
  const todo = [...read(`${folder}/${document}`).toString().matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, path]) => path);
  for (let path = todo.pop(); path; path = todo.pop()) {
    const file = posix.join(folder, "assets", posix.basename(path));
    if (found.has(file) || !existsSync(join(dist, file))) continue;
    found.add(file);
    if (!file.endsWith(".js")) continue;
    for (const [, name] of read(file).toString().matchAll(/(?:^|[;}\n])\s*import\s*(?:[^"'()]*?from\s*)?["']([^"']+\.js)["']/g)) todo.push(name);
  }
  return [...found];
}

const budgets = [
  { what: "loader, before the first click", limit: 8, files: () => ["widget/parlour.js"] },
  { what: "panel's document with its styles", limit: 10, files: () => ["widget/panel.html", ...firstLoad("widget", "panel.html").filter((f) => f.endsWith(".css"))] },
  { what: "panel", limit: 45, files: () => ["widget/panel.html", ...firstLoad("widget", "panel.html")] },
  { what: "desk's first load", limit: 350, files: () => ["desk/index.html", ...firstLoad("desk", "index.html")] },
];

let failed = 0;
for (const { what, limit, files } of budgets) {
  try {
    const bytes = files().reduce((sum, file) => sum + gzipped(file), 0);
    const ok = bytes <= limit * 1024;
    if (!ok) failed++;
    console.log(`${ok ? "ok  " : "FAIL"} ${what}: ${(bytes / 1024).toFixed(1)} KB of ${limit} KB`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${what}: ${error.message}`);
  }
}
console.log(`${budgets.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
