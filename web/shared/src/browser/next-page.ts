/** What one page of a tab leaves for the next: the page, the one around its frame, and the ids that are the tab's. */
type Left = readonly [page: string, around: string, ...ids: string[]];

/** Writes down what is this tab's for the page that comes next in it. To be called as the page goes. */
export function forNextPage(ids: readonly string[]): string {
  return JSON.stringify([here(window), here(around()), ...ids] satisfies Left);
}

/**
 * What the page right before this one in the same tab has written, or nothing. The storage of a tab is copied for one that is
 * opened from it or doubles it, also from a page in between that knows nothing of us: so what was written counts only for the
 * very next page. Where the browser has no Navigation API (HTML 7.2.6), that is one whose referrer is the whole address of the
 * page before, or a reload. A frame may also follow with the page around it. `again` says that this page was put aside and is
 * shown again: what is in the storage then is this tab's.
 */
export function fromPageBefore(written: string | null | undefined, again: boolean): string[] {
  try {
    const [page, outer, ...ids] = JSON.parse(written ?? "[]") as Left;
    return again || follows(window, page) || follows(around(), outer) ? ids : [];
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

function follows(view: Window | undefined, left: string): boolean {
  if (!view || !left) return false;
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
