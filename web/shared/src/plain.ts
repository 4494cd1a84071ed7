const overrides = /[\u202a-\u202e\u2066-\u2069]/gu;
const blank = /^[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]*$/u;

/** A message as it is shown: without the signs that turn the direction of what stands around it. */
export function plain(text: string): string {
  return text.replace(overrides, "");
}

/** Whether nothing of a text can be seen: only spaces, controls and signs without width or ink. The server refuses these. */
export function isBlank(text: string): boolean {
  return blank.test(text);
}
