/** What one page of a tab leaves for the next: when, the page, the one around its frame, and the ids that are the tab's. */
type Left = readonly [at: number, page: string, around: string, ...ids: string[]];

/** By how many milliseconds the clock may have been set between two pages. */
const tolerance = 1_000;

/** Writes down what is this tab's for the page that comes next in it. To be called as the page goes. */
export function forNextPage(ids: readonly string[]): string {
  return JSON.stringify([Date.now(), here(window), here(around()), ...ids] satisfies Left);
}

/**
 * What the page right before this one in the same tab has written, or nothing. The storage of a tab is copied for one that is
 * opened from it or doubles it, also from a page in between that knows nothing of us: so what was written counts only for the
 * very next page. Where the browser has no Navigation API (HTML 7.2.6), that is one whose referrer is the whole address of the
 * page before, or a reload. The next page begins to load while the one before is there still: one that began later comes after
 * another, which our script may not have reached. A frame may also follow with the page around it. `again` says that this page
 * was put aside and is shown again: what is in the storage then is this tab's.
 */
export function fromPageBefore(written: string | null | undefined, again: boolean): string[] {
  try {
    const [at, page, outer, ...ids] = JSON.parse(written ?? "[]") as Left;
    return again || follows(window, page, at) || follows(around(), outer, at) ? ids : [];
  } catch {
    return []; // not ours
  }
}

/** The page around a frame, where the browser lets us see it. */
function around(): Window | undefined {
  try {
    return window.top === window || !window.top?.location.href ? undefined : window.top;
  } catch {
    return undefined; // of another site
  }
}

function here(view: Window | undefined): string {
  return view ? (api(view)?.currentEntry?.id ?? address(view)) : "";
}

function follows(view: Window | undefined, left: string, at: number): boolean {
  if (!view || !left || Date.now() - view.performance.now() > at + tolerance) return false;
  const known = api(view);
  if (known) return known.activation?.from?.id === left;
  const [loaded] = view.performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return left === (loaded?.type === "reload" ? address(view) : view.document.referrer);
}

/** The Navigation API, where it tells which page was before this one. */
function api(view: Window): Navigation | undefined {
  const it = view.navigation as Partial<Navigation> | undefined;
  return it?.activation === undefined ? undefined : (it as Navigation);
}

function address({ location }: Window): string {
  return location.href.replace(/#.*/s, "");
}
