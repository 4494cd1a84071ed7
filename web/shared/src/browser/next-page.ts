/** The address of this page as the next one is told it. */
export function leftPage(): string {
  return location.href.replace(/#.*/s, "");
}

/**
 * Whether this page comes after the one at `left` in the same tab. A tab that was opened from it, or from a page in between,
 * has the same storage of the tab, copied; where the browser does not tell enough, a tab's first page comes after none.
 */
export function followsPage(left: string): boolean {
  const type = (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming | undefined)?.type;
  const from = document.referrer;
  if (type === "reload" || type === "back_forward" || from === left) return true;
  if (history.length <= 1) return false;
  return from === `${location.origin}/` || !from.startsWith(`${location.origin}/`);
}
