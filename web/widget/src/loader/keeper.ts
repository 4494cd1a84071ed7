import { followsPage, leftPage } from "../../../shared/src/browser/next-page.ts";

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
}

const nothing: Memory = { open: false, alive: false, used: false, forget: false, kept: null };

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
      if (storageArea !== this.#session()) return key === this.#key ? changed() : undefined;
      if (key !== this.#ownKey || newValue === null) return;
      this.#takeOwn();
      back();
    });
    addEventListener("pagehide", () => this.#giveOwn());
    addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      this.#again = true;
      this.#takeOwn();
      back();
    });
  }

  /** Read anew each time: the tabs of the site share it. */
  get memory(): Memory {
    if (!this.#refused) {
      try {
        const read = JSON.parse(localStorage.getItem(this.#key) ?? "null") as Partial<Memory> | null;
        const [open, alive, used, forget] = [read?.open === true, read?.alive === true, read?.used === true, read?.forget === true];
        this.#memory = { open, alive, used, forget, kept: typeof read?.kept === "string" ? read.kept : null };
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

  /** Changes what is remembered. What is empty is taken out of the storage again. */
  change(part: Partial<Memory>): void {
    this.#memory = { ...this.memory, ...part };
    try {
      const { alive, used, forget, kept } = this.#memory;
      if (alive || used || forget || kept !== null) localStorage.setItem(this.#key, JSON.stringify(this.#memory));
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
      if (this.#own.length > 0) this.#session()?.setItem(this.#ownKey, [leftPage(), ...this.#own].join(" "));
    } catch {
      // full: the next page is a tab of its own
    }
  }

  #takeOwn(): void {
    const session = this.#session();
    const [left, ...ids] = (session?.getItem(this.#ownKey) ?? "").split(" ");
    this.#own = left && (this.#again || followsPage(left)) ? ids : [];
    if (left) session?.removeItem(this.#ownKey);
  }

  #session(): Storage | undefined {
    try {
      return sessionStorage;
    } catch {
      return undefined; // refused: this page is a tab of its own
    }
  }
}
