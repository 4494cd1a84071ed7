import { signal, type ReadonlySignal } from "@preact/signals-core";
import type { Item, Patch, Snapshot } from "./protocol.gen.ts";

/** The items a person may see now, by key "type/id". It changes only by whole snapshots and by patches that fit. */
export class View {
  readonly #items = signal<ReadonlyMap<string, Item>>(new Map());
  readonly #loaded = signal(false);
  #version = 0;

  get items(): ReadonlySignal<ReadonlyMap<string, Item>> {
    return this.#items;
  }
  /** Whether a snapshot has come since the page began: before it, nothing can be said. */
  get loaded(): ReadonlySignal<boolean> {
    return this.#loaded;
  }
  get version(): number {
    return this.#version;
  }

  /** Takes the whole view, whatever was there. */
  replace(snapshot: Snapshot): void {
    this.#version = snapshot.version;
    this.#items.value = new Map(Object.entries(snapshot.items));
    this.#loaded.value = true;
  }

  /** Applies a patch. False when it does not fit what is here: then a new snapshot is needed. An old patch is dropped. */
  patch(patch: Patch): boolean {
    if (patch.version <= this.#version) return true;
    if (patch.from !== this.#version || !this.#loaded.value) return false;
    const items = new Map(this.#items.value);
    for (const key of patch.drop ?? []) items.delete(key);
    for (const [key, item] of Object.entries(patch.set ?? {})) items.set(key, item);
    this.#version = patch.version;
    this.#items.value = items;
    return true;
  }

  /** All items of a type, in the order of their ids (the order of their making). Reads the signal, so it can be computed. */
  all<T extends keyof Item>(type: T): NonNullable<Item[T]>[] {
    const found: [string, NonNullable<Item[T]>][] = [];
    for (const [key, item] of this.#items.value) {
      const it = item[type];
      if (it) found.push([key, it]);
    }
    return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, it]) => it);
  }

  /** One item by type and id. */
  get<T extends keyof Item>(type: T, id: string): NonNullable<Item[T]> | undefined {
    return this.#items.value.get(`${type}/${id}`)?.[type] ?? undefined;
  }
}
