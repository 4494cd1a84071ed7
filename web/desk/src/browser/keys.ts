/** A key as it was struck. */
export interface Struck {
  readonly key: string;
  readonly code: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
}

/** Whether a struck key is the shortcut: "Alt+Shift+KeyP", "Mod+KeyK" (Ctrl, or Cmd), or one sign as "?". */
export function fits(shortcut: string, struck: Struck): boolean {
  if (shortcut.length === 1) return struck.key === shortcut && !struck.altKey && !struck.ctrlKey && !struck.metaKey;
  const parts = shortcut.split("+");
  const code = parts.at(-1);
  const mod = parts.includes("Mod");
  const control = struck.ctrlKey || struck.metaKey;
  return struck.code === code && struck.altKey === parts.includes("Alt") && struck.shiftKey === parts.includes("Shift") && control === mod;
}

/** How keys are shown: "Alt + P". */
export function keysInWords(shortcut: string): string {
  if (shortcut.length === 1) return shortcut;
  const name = (part: string) => part.replace(/^Key/, "").replace("Mod", "Ctrl").replace("PageDown", "Page Down").replace("PageUp", "Page Up");
  return shortcut.split("+").map(name).join(" + ");
}

/** Whether keys that are signs belong to what is focused: a text box takes them. */
export function typesInto(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
