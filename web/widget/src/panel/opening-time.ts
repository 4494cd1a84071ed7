const day = 24 * 60 * 60 * 1000;

/** Days since 1970 of a moment, as a calendar in the zone counts them. */
function dayOf(at: number, timeZone: string | undefined): number {
  const parts = new Intl.DateTimeFormat("en", { timeZone, year: "numeric", month: "numeric", day: "numeric" }).formatToParts(at);
  const part = (type: "year" | "month" | "day"): number => Number(parts.find((p) => p.type === type)?.value);
  return Date.UTC(part("year"), part("month") - 1, part("day")) / day;
}

/** When a site opens, in words that end a sentence: "today at 9:00", "Monday at 9:00". In the visitor's own zone; empty for what is over. */
export function openingTime(at: number, now: number, locale?: string, timeZone?: string): string {
  if (at <= now) return "";
  const time = new Intl.DateTimeFormat(locale, { timeZone, hour: "numeric", minute: "2-digit" }).format(at);
  const days = dayOf(at, timeZone) - dayOf(now, timeZone);
  if (days === 0) return `today at ${time}`;
  if (days === 1) return `tomorrow at ${time}`;
  const date = new Intl.DateTimeFormat("en", days < 7 ? { timeZone, weekday: "long" } : { timeZone, day: "numeric", month: "long" }).format(at);
  return `${days < 7 ? "" : "on "}${date} at ${time}`;
}
