import type { Code, Failed } from "./protocol.gen.ts";

/** A command that the server answered with an error: a code for programs, a sentence for people. */
export class Refusal extends Error {
  readonly code: Code;
  /** Whether the same command may succeed later without a change. */
  readonly retry: boolean;

  constructor(failed: Failed) {
    super(failed.message);
    this.name = "Refusal";
    this.code = failed.code;
    this.retry = failed.retry ?? false;
  }
}

/** Why a command ended without an answer: its connection was closed by us. */
export class Closed extends Error {
  constructor() {
    super("The connection was closed before the server answered.");
    this.name = "Closed";
  }
}
