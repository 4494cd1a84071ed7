import { maskCards } from "./cards.ts";
import { isMask } from "./masking.ts";

/** A value as the recorder writes it: `null` removes, an object changes single styles. */
export type AttributeValue = string | number | true | null | Record<string, unknown>;

const words = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/));

/** Attributes that shape a page and say nothing about a person. All others stay in the page. */
const plain = words(`id class dir lang role type rows cols size colspan rowspan span width height align valign border cellpadding cellspacing bgcolor
  color face disabled readonly multiple open hidden start reversed wrap media charset inert popover slot part controls contenteditable
  aria-expanded aria-selected aria-checked aria-pressed aria-hidden aria-disabled aria-current aria-invalid aria-modal aria-orientation aria-level aria-sort
  viewbox d points x y x1 x2 y1 y2 cx cy r rx ry dx dy fill fill-rule fill-opacity stroke stroke-width stroke-linecap stroke-linejoin stroke-dasharray
  stroke-dashoffset stroke-miterlimit stroke-opacity transform opacity clip-path clip-rule mask offset stop-color stop-opacity gradientunits
  gradienttransform patternunits preserveaspectratio xmlns xmlns:xlink text-anchor font-size font-family font-weight letter-spacing pathlength
  vector-effect visibility xml:space`);
/** Of those, what a masked element keeps to itself: its name, what it draws, what is chosen. */
const telling = words("id d points start aria-expanded aria-selected aria-checked aria-pressed aria-current aria-invalid aria-sort");
const text = words("alt label");
const css = words("style _csstext");
const buttons = words("submit button reset");

/** Whether inputs of a type are buttons, whose value is their label. */
export function isButton(type: string): boolean {
  return buttons.has(type);
}

/** Declarations that may hold text: a custom property, what stands before or behind an element, quotation marks. */
const wordy = /(^|[;{}\s/])(?:--[^\s:;{}]*|content|quotes)\s*:(?:"(?:\\.|[^"\\])*(?:"|$)|'(?:\\.|[^'\\])*(?:'|$)|\{[^{}]*\}|[^;{}"'])*/gi;
const wordyName = /^(?:--|content$|quotes$)/;

/**
 * Takes addresses out of CSS; pictures inside the text itself and references within the page stay. In masked elements the
 * pictures go too, and declarations that may hold text.
 */
export function scrubCss(value: string, masked = false): string {
  const stays = masked ? /^#/ : /^(data:image\/|data:font\/|#)/i;
  return (masked ? value.replace(wordy, "$1") : value).replace(/url\(\s*(?:"([^"]*)"|'([^']*)'|([^)]*))\s*\)/gi, (whole: string, a?: string, b?: string, c?: string) =>
    stays.test((a ?? b ?? c ?? "").trim()) ? whole : "url()",
  ).replace(/@import[^;]*;/gi, "");
}

/** Whether declarations of a property may hold text. */
export function isWordy(property: string): boolean {
  return wordyName.test(property.trim().toLowerCase());
}

/** Applies `scrubCss` to every string in a value. */
export function scrubDeep(value: unknown, masked = false): unknown {
  if (typeof value === "string") return scrubCss(value, masked);
  if (Array.isArray(value)) return value.map((one) => scrubDeep(one, masked));
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([key]) => !masked || !wordyName.test(key));
  return Object.fromEntries(kept.map(([key, it]) => [key, scrubDeep(it, masked)]));
}

/** What is known of the element that bears an attribute. */
export interface Bearer {
  readonly tag: string;
  /** The type of an input. */
  readonly type: string;
  readonly masked: boolean;
  /** Whether an input is, or once was, one that is typed into. */
  readonly typed: boolean;
}

/** The attribute as it may leave the page, or undefined when it may not. */
export function scrubAttribute(name: string, value: AttributeValue, bearer: Bearer): AttributeValue | undefined {
  const key = name.toLowerCase();
  const { tag, type, masked } = bearer;
  if (tag === "meta" || tag === "base") return undefined;
  if (masked && telling.has(key)) return undefined;
  if (value === null) return plain.has(key) || css.has(key) || key === "value" ? null : undefined;
  if (key.startsWith("rr_")) return key === "rr_dataurl" || key === "rr_src" ? undefined : value;
  if (css.has(key)) return scrubDeep(value, masked) as AttributeValue;
  if (tag === "input" && type === "hidden" && key !== "type") return undefined;
  if (plain.has(key)) return value;
  if (typeof value !== "string") return undefined;
  if (key === "value") return valueOf(value, bearer);
  if (text.has(key)) return masked || tag === "input" ? undefined : maskCards(value);
  if (key === "src" && tag === "img") return !masked && /^data:image\//i.test(value) && value.length < 65_536 ? value : undefined;
  if ((key === "href" || key === "xlink:href") && value.startsWith("#") && tag === "use") return value;
  return undefined;
}

/** A field's value leaves only as a mask; a button's is its label, unless it was typed as a field. */
function valueOf(value: string, { tag, type, masked, typed }: Bearer): string | undefined {
  if (tag === "progress" || tag === "meter" || tag === "li") return masked ? undefined : value;
  if (tag === "input" && isButton(type) && !typed) return masked ? undefined : maskCards(value);
  return (tag === "input" || tag === "textarea") && isMask(value) ? value : undefined;
}
