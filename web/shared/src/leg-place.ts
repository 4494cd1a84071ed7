import type { CallJoin, ConnectionID } from "./protocol.gen.ts";

const mostHad = 16;

/**
 * Tells whether this page still has the leg of a call, by the connection that the server names for it. One of this page's
 * connections before counts as this page: a server that comes back names that one until the leg has joined anew.
 */
export class LegPlace {
  readonly #mine = new Set<ConnectionID>(); // in the order they came
  #held = false;

  /** This page has got a connection; known for as long as the page lives. */
  connected(id: ConnectionID | undefined): void {
    if (id !== undefined) this.#mine.add(id);
  }

  /** A leg begins here. Until the server has named this page for it once, whoever is named is the one before. */
  begins(): void {
    this.#held = false;
  }

  /**
   * What a leg that joins says of this page, so that the server gives it nothing that another page of ours has taken
   * meanwhile: its last connections, once the server has named it. Before that, nothing: it takes the leg from whoever has it.
   */
  get had(): Pick<CallJoin, "had"> {
    return this.#held ? { had: [...this.#mine].slice(-mostHad) } : {};
  }

  /** Whether the server names another page of ours; no page at all is not another one. */
  elsewhere(tab: ConnectionID | undefined): boolean {
    return tab !== undefined && !this.#mine.has(tab);
  }

  /** Whether another page of ours has taken the leg that runs here. To be told of every name that the server gives. */
  taken(tab: ConnectionID | undefined): boolean {
    if (tab !== undefined && this.#mine.has(tab)) this.#held = true;
    return this.#held && this.elsewhere(tab);
  }
}
