import type { CallID } from "../../../shared/src/protocol.gen.ts";
import type { Kept } from "../../../shared/src/outbox.ts";
import { forNextPage, fromPageBefore } from "../../../shared/src/browser/next-page.ts";
import type { OwnCalls } from "../models/call.ts";
import type { Drafts } from "../models/composer.ts";

/** Reads and writes one place of a storage. Where the browser refuses storage nothing is kept, and nothing fails. */
function read(storage: () => Storage, key: string): string | undefined {
  try {
    return storage().getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(storage: () => Storage, key: string, text: string): void {
  try {
    if (text === "") storage().removeItem(key);
    else storage().setItem(key, text);
  } catch {
    // full or refused: the page itself still holds it
  }
}

const session = () => sessionStorage;
const local = () => localStorage;

/** Drafts of this tab, kept over a reload. */
export function tabDrafts(agent: string): Drafts {
  const key = (conversation: string) => `parlour.draft.${agent}.${conversation}`;
  return { get: (c) => read(session, key(c)), set: (c, text) => write(session, key(c), text) };
}

/**
 * Calls of this tab, kept over a reload; the last twenty. They lie in the storage only between two of its pages: a browser
 * copies it for a tab that is doubled, which has none of these calls.
 */
export function tabCalls(): OwnCalls {
  const key = "parlour.calls";
  const take = (): string[] => {
    const written = read(session, key);
    if (written) write(session, key, "");
    return fromPageBefore(written, again);
  };
  let again = false;
  let own = take();
  addEventListener("pagehide", () => write(session, key, own.length > 0 ? forNextPage(own) : ""));
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    again = true;
    own = take();
  });
  return {
    has: (call: CallID) => own.includes(call),
    add: (call: CallID) => (own = [...own.filter((id) => id !== call), call].slice(-20)),
    delete: (call: CallID) => (own = own.filter((id) => id !== call)),
  };
}

/** Commands of this tab without an answer, kept over a reload. */
export const tabOutbox = {
  load(agent: string): Kept[] {
    try {
      const kept: unknown = JSON.parse(read(session, `parlour.outbox.${agent}`) ?? "[]");
      return Array.isArray(kept) ? (kept as Kept[]) : [];
    } catch {
      return [];
    }
  },
  save(agent: string, kept: readonly Kept[]): void {
    write(session, `parlour.outbox.${agent}`, kept.length === 0 ? "" : JSON.stringify(kept));
  },
};

/** The layout of an agent's cards in this browser, by class of screen width. */
export const layouts = {
  load(agent: string): unknown {
    try {
      return JSON.parse(read(local, `parlour.layout.${agent}`) ?? "null");
    } catch {
      return null;
    }
  },
  save(agent: string, layout: unknown): void {
    write(local, `parlour.layout.${agent}`, JSON.stringify(layout));
  },
};
