/** What this page remembers for the next one, in the site's own storage. Nothing is written before the visitor does something. */
export interface Memory {
  readonly open: boolean;
  readonly alive: boolean;
  /** The panel's own, opaque to us. */
  readonly kept: string | null;
}

const nothing: Memory = { open: false, alive: false, kept: null };

/** A Keeper holds the memory of one site; where storage is refused it lasts as long as the page. */
export class Keeper {
  readonly #key: string;
  #own: readonly string[] = [];
  #memory: Memory = nothing;

  constructor(site: string) {
    this.#key = `parlour:${site}`;
    try {
      const read = JSON.parse(localStorage.getItem(this.#key) ?? "null") as Partial<Memory> | null;
      this.#memory = { open: read?.open === true, alive: read?.alive === true, kept: typeof read?.kept === "string" ? read.kept : null };
    } catch {
      // refused, or not ours: begin empty
    }
    try {
      this.#own = (sessionStorage.getItem(this.#key) ?? "").split(" ").filter((id) => id !== "");
    } catch {
      // refused: this page is a tab of its own
    }
  }

  get memory(): Memory {
    return this.#memory;
  }

  /** Calls and shared pages of this tab. */
  get own(): readonly string[] {
    return this.#own;
  }

  keepOwn(ids: readonly string[]): void {
    this.#own = ids;
    try {
      if (ids.length > 0) sessionStorage.setItem(this.#key, ids.join(" "));
      else sessionStorage.removeItem(this.#key);
    } catch {
      // as above
    }
  }

  /** Changes what is remembered. What is empty is taken out of the storage again. */
  change(part: Partial<Memory>): void {
    this.#memory = { ...this.#memory, ...part };
    try {
      if (this.#memory.alive || this.#memory.kept !== null) localStorage.setItem(this.#key, JSON.stringify(this.#memory));
      else localStorage.removeItem(this.#key);
    } catch {
      // refused or full: this page still knows it
    }
  }
}
