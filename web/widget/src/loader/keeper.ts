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
  #memory: Memory = nothing;

  constructor(site: string) {
    this.#key = `parlour:${site}`;
    try {
      const read = JSON.parse(localStorage.getItem(this.#key) ?? "null") as Partial<Memory> | null;
      this.#memory = { open: read?.open === true, alive: read?.alive === true, kept: typeof read?.kept === "string" ? read.kept : null };
    } catch {
      // refused, or not ours: begin empty
    }
  }

  get memory(): Memory {
    return this.#memory;
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
