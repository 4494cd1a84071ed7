import { forNextPage, fromPageBefore } from "../../../shared/src/browser/next-page.ts";

/** What this page remembers for the next one, in the site's own storage. Nothing is written before the visitor does something. */
export interface Memory {
  readonly open: boolean;
  readonly alive: boolean;
  /** There was a conversation: the panel may keep something of its own. */
  readonly used: boolean;
  /** The site has logged out, and the panel, which was not there, has not forgotten yet. */
  readonly forget: boolean;
  /** The panel's own, opaque to us. */
  readonly kept: string | null;
  /** The person whom the site named when the panel's visitor was made, or since, as whoOf tells it. */
  readonly who: string | null;
  /** When the panel's last visitor was made, Unix milliseconds, or 0: a log-out comes after it, also where the clock was set back. */
  readonly made: number;
  /** When the site has logged out last, Unix milliseconds, or 0: who was made before is nobody any more. It only grows. */
  readonly out: number;
}

const nothing: Memory = { open: false, alive: false, used: false, forget: false, kept: null, who: null, made: 0, out: 0 };

/** A Keeper holds the memory of one site; where storage is refused it lasts as long as the page. */
export class Keeper {
  readonly #key: string;
  #own: readonly string[] = [];
  #memory: Memory = nothing;
  #refused = false;
  /** Where the ids of the tab lie: a frame of the page with the widget in it has its own. */
  readonly #ownKey: string;
  /** The browser has shown this page again. */
  #again = false;

  /**
   * Calls `changed` when another tab of the site has changed the memory, and `back` when the browser shows this page again
   * that it had put aside. What is the tab's may come a little later than either: the page before may run in another process.
   */
  constructor(site: string, changed: () => void, back: () => void) {
    this.#key = `parlour:${site}`;
    this.#ownKey = window === window.top ? this.#key : `${this.#key}:framed`;
    this.#takeOwn();
    addEventListener("storage", ({ key, newValue, storageArea }) => {
      if (storageArea !== this.#session()) return key === this.#key ? this.#heard(newValue, changed) : undefined;
      if (key !== this.#ownKey || newValue === null) return;
      this.#takeOwn();
      back();
    });
    addEventListener("pagehide", () => this.#giveOwn());
    addEventListener("pagehide", () => this.#writeOut());
    addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      this.#again = true;
      this.#takeOwn();
      back();
    });
  }

  /** Read anew each time: the tabs of the site share it. What this page knows of a log-out stays where the storage has lost it. */
  get memory(): Memory {
    if (!this.#refused) {
      try {
        const [read, { out, forget, kept }] = [parse(localStorage.getItem(this.#key)), this.#memory];
        this.#memory = read.out >= out ? read : { ...read, out, forget: read.forget || forget, kept: read.kept ?? (forget ? kept : null) };
      } catch {
        // refused, or not ours: what this page knows
      }
    }
    return this.#memory;
  }

  /** Calls and shared pages of this tab. */
  get own(): readonly string[] {
    return this.#own;
  }

  keepOwn(ids: readonly string[]): void {
    this.#own = ids;
  }

  /** The site logs out now, at a time after all that was before. What the panel keeps stays for it to end. */
  logOut(forget: boolean): void {
    const out = Math.max(Date.now(), this.memory.out, this.memory.made) + 1;
    this.change({ open: false, alive: false, used: false, forget, who: null, made: 0, out });
    setTimeout(() => this.#writeOut());
  }

  /** A log-out counts also where the site has cleared its storage right after it. */
  #heard(written: string | null, changed: () => void): void {
    try {
      const { out, forget, kept } = parse(written);
      if (out >= this.#memory.out) this.#memory = { ...this.#memory, out, forget, ...(forget ? { kept } : {}) };
    } catch {
      // not ours
    }
    changed();
  }

  /** Where the site has cleared its storage with or after a log-out, the next page is to know of that all the same. */
  #writeOut(): void {
    try {
      if (parse(localStorage.getItem(this.#key)).out < this.#memory.out) this.change({});
    } catch {
      // refused, or not ours
    }
  }

  /** Changes what is remembered. What is empty is taken out of the storage again. */
  change(part: Partial<Memory>): void {
    this.#memory = { ...this.memory, ...part };
    try {
      const { alive, used, forget, kept, out } = this.#memory;
      if (alive || used || forget || kept !== null || out > 0) localStorage.setItem(this.#key, JSON.stringify(this.#memory));
      else localStorage.removeItem(this.#key);
      this.#refused = false;
    } catch {
      this.#refused = true; // or full: this page still knows it
    }
  }

  /**
   * What is this tab's lies in its storage only between two of its pages: a browser copies that storage for a tab that is
   * opened from this one or doubles it, and a consent is for one tab.
   */
  #giveOwn(): void {
    try {
      if (this.#own.length > 0) this.#session()?.setItem(this.#ownKey, forNextPage(this.#own));
    } catch {
      // full: the next page is a tab of its own
    }
  }

  #takeOwn(): void {
    const session = this.#session();
    const written = session?.getItem(this.#ownKey);
    this.#own = fromPageBefore(written, this.#again);
    if (written) session?.removeItem(this.#ownKey);
  }

  #session(): Storage | undefined {
    try {
      return sessionStorage;
    } catch {
      return undefined; // refused: this page is a tab of its own
    }
  }
}

/** Throws where it is not ours. */
function parse(text: string | null): Memory {
  const read = JSON.parse(text ?? "null") as Partial<Memory> | null;
  const [open, alive, used, forget] = [read?.open === true, read?.alive === true, read?.used === true, read?.forget === true];
  const [kept, who] = [read?.kept, read?.who].map((one) => (typeof one === "string" ? one : null)) as [string | null, string | null];
  const made = typeof read?.made === "number" ? read.made : 0;
  const out = typeof read?.out === "number" ? read.out : forget ? 1 : 0; // an earlier version did not write when
  return { open, alive, used, forget, kept, who, made, out };
}
