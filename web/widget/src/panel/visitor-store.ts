import type { Kept } from "../../../shared/src/index.ts";
import type { FromPanel } from "../port.ts";

/** What the panel must know again on the next page. */
export interface VisitorState {
  readonly token: string | undefined;
  /** When this visitor was made, Unix milliseconds, never before the log-out known then: one that comes later is about this visitor. */
  readonly made: number;
  /** The first person whom the site named for this visitor, as whoOf tells it. */
  readonly who: string | undefined;
  /** Commands without an answer. */
  readonly kept: readonly Kept[];
  /** The ended conversation that the visitor has put away. */
  readonly dismissed: string | undefined;
  /** Tokens of visitors who are logged out, which the server has not ended yet: the last few. */
  readonly leaving: readonly string[];
}

const empty: VisitorState = { token: undefined, made: 0, who: undefined, kept: [], dismissed: undefined, leaving: [] };
const mostLeaving = 8;

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
 * The page's storage, where the panel's own is refused. The page tells what is there, and may have said so before it heard of
 * what was written here last: then it says so again if that did not stay.
 */
export class HostPlace implements Place {
  readonly #keep: (message: Extract<FromPanel, { kind: "keep" }>) => void;
  #there: string | null = null;
  #n = 0;

  constructor(keep: (message: Extract<FromPanel, { kind: "keep" }>) => void) {
    this.#keep = keep;
  }

  /** Takes what the page says is there, unless it had not heard the last write: `n` is of the last that it had, left out by an earlier version. */
  hear(kept: string | null, n = this.#n): void {
    if (n >= this.#n) this.#there = kept;
  }

  read(): string | null {
    return this.#there;
  }

  write(value: string | null): void {
    this.#keep({ kind: "keep", value, was: this.#there, n: ++this.#n });
    this.#there = value;
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
  /** Tokens that the server has ended. */
  readonly #ended = new Set<string>();

  /** Uses a place from now on, and reads what is there unless something is known already. Who was made before the log-out `out` is logged out. */
  use(place: Place, out: number): void {
    this.#place = place;
    const there = this.#there();
    this.#taken = there.token;
    const leaving = this.#merge(there.leaving);
    if (this.#state.token === undefined) this.#state = { ...there, leaving };
    else this.#state = { ...this.#state, leaving, made: Math.max(this.#state.made, out) }; // by this very page
    this.#know();
    if (there.token !== undefined && there.made < out) this.end(there.token);
    if (this.#state.token !== undefined && this.#state.token !== there.token) this.#write();
  }

  get state(): VisitorState {
    return this.#state;
  }

  /** Reads whether another tab has become a visitor, or ended one. Its commands stay its own, and ours are put back where it wrote over them. */
  refresh(): void {
    if (!this.#place || this.#refused) return;
    const there = this.#there();
    const { leaving } = this.#state;
    const same = there.token === this.#state.token;
    this.#state = same ? { ...this.#state, leaving, who: this.#state.who ?? there.who } : { ...there, leaving, kept: [] };
    this.#taken = there.token;
    if (same && this.#state.kept.some(({ op }) => !there.kept.some((one) => one.op === op))) this.#write();
    else if (there.leaving.some((one) => this.#ended.has(one)) || leaving.some((one) => !there.leaving.includes(one))) {
      this.#replace({ ...there, leaving: this.#merge(there.leaving) }); // what another tab wrote over
    }
  }

  /** The tokens that any tab has still to end; from now on they are this one's, too. */
  takeLeaving(): readonly string[] {
    this.#state = { ...this.#state, leaving: this.left };
    return this.#state.leaving;
  }

  /** The tokens that any tab has still to end. */
  get left(): readonly string[] {
    return this.#merge(this.#there().leaving);
  }

  change(part: Partial<VisitorState>): void {
    this.#state = { ...this.#state, ...part };
    this.#know();
    this.#write();
  }

  /** Forgets the visitor; another one whom another tab has made meanwhile stays in the place. */
  clear(): void {
    const { token, leaving } = this.#state;
    this.#state = { ...empty, leaving };
    const there = this.#there();
    this.#taken = undefined;
    if (there.token === undefined || there.token === token) this.#replace({ ...empty, leaving: this.#merge(there.leaving) });
  }

  /** The site has logged out: forgets the visitor if it was made before; with `here` it was, whatever the clock says. */
  logOut(out: number, here: boolean): void {
    this.refresh();
    const { token, made } = this.#state;
    if (token !== undefined && (here || made < out)) this.end(token);
  }

  /** A token is to be ended at the server: no visitor has it any more, here or in the place. */
  end(token: string): void {
    const leaving = this.#merge([token]);
    const there = this.#there();
    if (this.#state.token === token || there.token === token) this.#taken = undefined;
    this.#state = { ...(this.#state.token === token ? empty : this.#state), leaving };
    this.#replace({ ...(there.token === token ? empty : there), leaving: this.#merge(there.leaving) });
  }

  /** The server has ended a token. */
  ended(token: string): void {
    this.#ended.add(token);
    this.#state = { ...this.#state, leaving: this.#merge([]) };
    const there = this.#there();
    if (there.leaving.includes(token)) this.#replace({ ...there, leaving: there.leaving.filter((one) => one !== token) });
  }

  #merge(more: readonly string[]): readonly string[] {
    return [...new Set([...this.#state.leaving, ...more])].filter((one) => !this.#ended.has(one)).slice(-mostLeaving);
  }

  #know(): void {
    for (const { op } of this.#state.kept) this.#known.add(op);
  }

  #there(): VisitorState {
    return parse(this.#place?.read() ?? null);
  }

  #write(): void {
    const { token, kept } = this.#state;
    const there = this.#there();
    if (!this.#refused && there.token !== this.#taken) return; // another tab has ended or made a visitor: refresh tells
    const same = there.token === token;
    const others = same ? there.kept.filter(({ op }) => !this.#known.has(op)) : [];
    const who = this.#state.who ?? (same ? there.who : undefined);
    this.#replace({ ...this.#state, who, kept: [...others, ...kept], leaving: this.#merge(there.leaving) });
    this.#taken = token;
  }

  #replace(state: VisitorState): void {
    const nothing = state.token === undefined && state.kept.length === 0 && state.leaving.length === 0;
    try {
      this.#place?.write(nothing ? null : JSON.stringify(state));
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
      made: typeof read.made === "number" ? read.made : 0,
      who: typeof read.who === "string" ? read.who : undefined,
      kept: Array.isArray(read.kept) ? read.kept : [],
      dismissed: typeof read.dismissed === "string" ? read.dismissed : undefined,
      leaving: Array.isArray(read.leaving) ? read.leaving.filter((one) => typeof one === "string") : [],
    };
  } catch {
    return empty;
  }
}
