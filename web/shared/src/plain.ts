const overrides = /[\u202a-\u202e\u2066-\u2069]/gu;
const blank = /^[\s\p{Cf}\p{Zl}\p{Zp}]*$/u;

/** A message as it is shown: without the signs that turn the direction of what stands around it. */
export function plain(text: string): string {
  return text.replace(overrides, "");
}

/** Whether nothing of a text can be seen: only spaces and signs without width. */
export function isBlank(text: string): boolean {
  return blank.test(text);
}
