import type { Answer, CommandKind } from "../../../shared/src/outbox.ts";
import type { Commands } from "../../../shared/src/protocol.gen.ts";

/** What the models need of the connection: verbs go out by it. A Connection is one; tests give a list that remembers. */
export interface Line {
  /** Carries a command out once; rejects with a Refusal that says why not. */
  command<K extends CommandKind>(kind: K, body: Commands[K]): Promise<Answer<K>>;
}

/** The sentence of an error that a person may read. */
export function sentence(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
