import type { Page } from "./driver/index.ts";

/** Presses Tab until what has the focus fits; fails with the whole way when it comes round without. */
export async function tabTo(page: Page, wanted: string): Promise<void> {
  const way: string[] = [];
  for (let n = 0; n < 80; n += 1) {
    const at = await page.focused();
    if (at === wanted) return;
    way.push(at);
    await page.press("Tab");
  }
  await page.screenshot("lost-focus");
  throw new Error(`Tab does not come to ${wanted}; it went by ${[...new Set(way)].join(", ")}`);
}

/** Goes to a button by Tab and presses it by Enter. */
export async function push(page: Page, button: string): Promise<void> {
  await tabTo(page, `button "${button}"`);
  await page.press("Enter");
}

/** Goes to a text box by Tab and writes into it, key by key. */
export async function write(page: Page, box: string, text: string): Promise<void> {
  await tabTo(page, `textbox "${box}"`);
  for (const key of text) await page.press(key);
}
