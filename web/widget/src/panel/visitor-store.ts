import type { Kept } from "../../../shared/src/index.ts";

/** What the panel must know again on the next page. */
export interface VisitorState {
  readonly token: string | undefined;
  /** Commands without an answer. */
  readonly kept: readonly Kept[];
  /** The ended conversation that the visitor has put away. */
  readonly dismissed: string | undefined;
}

const empty: VisitorState = { token: undefined, kept: [], dismissed: undefined };

/** A place for one text. */
export interface Place {
  read(): string | null;
  write(text: string | null): void;
}

/** The panel's own storage, or undefined where the browser refuses it (as in most third-party frames). Writes nothing. */
export function ownPlace(site: string, open: () => Storage): Place | undefined {
  const key = `parlour:${site}`;
  try {
    const storage = open();
    storage.getItem(key);
    return {
      read: () => storage.getItem(key),
      write(text) {
        if (text === null) storage.removeItem(key);
        else storage.setItem(key, text);
      },
    };
  } catch {
    return undefined;
  }
}

/**
 * A VisitorStore keeps the visitor's state in a place, or in memory while there is none. It writes only when told to change.
 * The tabs of one site share the place: each takes out of `kept` only what it has known itself.
 */
export class VisitorStore {
  #state = empty;
  #place: Place | undefined;
  /** The place did not take what is known here. */
  #refused = false;
  /** The token that was last seen in the place. */
  #taken: string | undefined;
  readonly #known = new Set<string>();

  /** Uses a place from now on, and reads what is there unless something is known already. */
  use(place: Place): void {
    this.#place = place;
    const there = parse(place.read());
    this.#taken = there.token;
    if (this.#state !== empty) return this.#write();
    this.#state = there;
    this.#know();
  }

  get state(): VisitorState {
    return this.#state;
  }

  /** Reads whether another tab has become a visitor, or ended one. Its commands stay its own, and ours are put back where it wrote over them. */
  refresh(): void {
    if (!this.#place || this.#refused) return;
    const { token, dismissed, kept } = parse(this.#place.read());
    if (token !== this.#state.token) this.#state = { token, dismissed, kept: [] };
    else if (this.#state.kept.some(({ op }) => !kept.some((one) => one.op === op))) this.#write();
    this.#taken = token;
  }

  change(part: Partial<VisitorState>): void {
    this.#state = { ...this.#state, ...part };
    this.#know();
    this.#write();
  }

  /** Forgets the visitor; another one whom another tab has made meanwhile stays in the place. */
  clear(): void {
    const { token } = this.#state;
    this.#state = empty;
    this.#taken = undefined;
    const there = parse(this.#place?.read() ?? null);
    if (there.token === undefined || there.token === token) this.#put(null);
  }

  #know(): void {
    for (const { op } of this.#state.kept) this.#known.add(op);
  }

  #write(): void {
    const { token, kept } = this.#state;
    const there = parse(this.#place?.read() ?? null);
    if (!this.#refused && there.token !== this.#taken) return; // another tab has ended or made a visitor: refresh tells
    const others = there.token === token ? there.kept.filter(({ op }) => !this.#known.has(op)) : [];
    const all = [...others, ...kept];
    this.#put(token === undefined && all.length === 0 ? null : JSON.stringify({ ...this.#state, kept: all }));
    this.#taken = token;
  }

  #put(text: string | null): void {
    try {
      this.#place?.write(text);
      this.#refused = false;
    } catch {
      this.#refused = true; // full or taken away meanwhile: it lasts as long as the page
    }
  }
}

function parse(text: string | null): VisitorState {
  try {
    const read = JSON.parse(text ?? "null") as Partial<VisitorState> | null;
    if (!read || typeof read !== "object") return empty;
    return {
      token: typeof read.token === "string" ? read.token : undefined,
      kept: Array.isArray(read.kept) ? read.kept : [],
      dismissed: typeof read.dismissed === "string" ? read.dismissed : undefined,
    };
  } catch {
    return empty;
  }
}
