/** One verb of the desk. Buttons, menus, palette and shortcuts are all views of it. */
export interface Command<T> {
  /** Never renamed: changed shortcuts are kept under it. */
  readonly id: string;
  /** What it is called, from the catalogue. */
  readonly name: string;
  /** Keys as "Alt+KeyP": modifiers, then the key's code. */
  readonly shortcut?: string;
  /** Whether it can be done to target now; reads signals. */
  guard(target: T): boolean;
  /** Does it; what it gives back is not looked at. Called only while guard is true; says by the target's own failure what was refused. */
  run(target: T): unknown;
}

/** A command bound to what it is done to. */
export interface Action {
  readonly id: string;
  readonly name: string;
  readonly shortcut?: string;
  readonly enabled: boolean;
  run(): void;
}

/** Binds a command to its target; without one it cannot be done. */
export function bind<T>(command: Command<T>, target: T | undefined): Action {
  const { id, name, shortcut } = command;
  const enabled = target !== undefined && command.guard(target);
  const run = (): void => {
    if (target !== undefined && command.guard(target)) void command.run(target); // refusals are shown by the target
  };
  return { id, name, enabled, run, ...(shortcut === undefined ? {} : { shortcut }) };
}
