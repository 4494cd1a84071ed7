import { batch, effect, signal, untracked, type ReadonlySignal, type Signal } from "@preact/signals-core";
import type { Lifetime } from "../../../shared/src/clock.ts";

/**
 * Models for items: one model for each key, made when its item comes, fed by a
 * signal when its item changes, and ended when it goes or when ends is aborted.
 * The order is the items'. items reads signals. The list is a new one only when
 * models came or went.
 */
export function keyed<I, M>(
  items: () => readonly I[],
  key: (item: I) => string,
  make: (item: ReadonlySignal<I>) => M,
  end: (model: M) => void,
  ends: Lifetime,
): ReadonlySignal<readonly M[]> {
  const known = new Map<string, { item: Signal<I>; model: M }>();
  const list = signal<readonly M[]>([]);
  const take = (it: I): M => {
    const has = known.get(key(it));
    if (has !== undefined) {
      has.item.value = it;
      return has.model;
    }
    const item = signal(it);
    const model = make(item);
    known.set(key(it), { item, model });
    return model;
  };
  const update = (now: readonly I[]): void => {
    const keys = new Set(now.map(key));
    for (const [k, { model }] of known) {
      if (keys.has(k)) continue;
      known.delete(k);
      end(model);
    }
    const next = now.map(take);
    const before = list.value;
    if (next.length !== before.length || next.some((m, i) => m !== before[i])) list.value = next;
  };
  const stop = effect(() => {
    const now = items();
    untracked(() => batch(() => update(now)));
  });
  ends.addEventListener("abort", () => {
    stop();
    known.forEach(({ model }) => end(model));
    known.clear();
  }, { once: true });
  return list;
}
