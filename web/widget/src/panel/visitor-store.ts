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

/** A VisitorStore keeps the visitor's state in a place, or in memory while there is none. It writes only when told to change. */
export class VisitorStore {
  #state = empty;
  #place: Place | undefined;

  /** Uses a place from now on, and reads what is there unless something is known already. */
  use(place: Place): void {
    this.#place = place;
    if (this.#state === empty) this.#state = parse(place.read());
    else this.#write();
  }

  get state(): VisitorState {
    return this.#state;
  }

  change(part: Partial<VisitorState>): void {
    this.#state = { ...this.#state, ...part };
    this.#write();
  }

  /** Forgets the visitor. */
  clear(): void {
    this.#state = empty;
    this.#write();
  }

  #write(): void {
    const { token, kept } = this.#state;
    try {
      this.#place?.write(token === undefined && kept.length === 0 ? null : JSON.stringify(this.#state));
    } catch {
      // full or taken away meanwhile: it lasts as long as the page
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
