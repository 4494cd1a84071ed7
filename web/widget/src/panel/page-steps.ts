import { signal } from "@preact/signals";
import type { FromPanel } from "../port.ts";
import type { OwnSteps } from "./call-model.ts";

/** How many the page is told: a conversation has one call and one shared page at a time. */
const told = 8;

/** The steps that are this tab's own, as the host page keeps them from one of its pages to the next. */
export class PageSteps implements OwnSteps {
  readonly #ids = new Set<string>();
  readonly #heard = signal(0);
  readonly #tell: (message: FromPanel) => void;

  constructor(tell: (message: FromPanel) => void) {
    this.#tell = tell;
  }

  /** Whether it is this tab's; who asks in an effect is asked again when the page says more. */
  has(id: string): boolean {
    return this.#heard.value >= 0 && this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.add(id);
    this.#say();
  }

  delete(id: string): void {
    if (this.#ids.delete(id)) this.#say();
  }

  /** What the page says is this tab's, instead of all before. */
  hear(ids: readonly string[]): void {
    this.#ids.clear();
    for (const id of ids) this.#ids.add(id);
    this.#heard.value++;
  }

  #say(): void {
    this.#tell({ kind: "own", ids: [...this.#ids].slice(-told) });
  }
}
