import { signal } from "@preact/signals-core";
import { words } from "../catalogue.ts";

/** Who is signed in. */
export interface Me {
  readonly agent: string;
  readonly name: string;
}

/** What the server says to a sign-in. */
export type SignInAnswer = { readonly me: Me } | { readonly refused: "wrong" | "too_many" | "unreachable" | "failed" };

const sentences = {
  wrong: words.signIn.wrong,
  too_many: words.signIn.tooMany,
  unreachable: words.signIn.unreachable,
  failed: words.signIn.failed,
} as const;

/** The sign-in form. The password is forgotten as soon as it was right. */
export class SignIn {
  readonly email = signal("");
  readonly password = signal("");
  readonly busy = signal(false);
  /** What to do, after a try that failed; empty before. */
  readonly failure = signal("");
  readonly #ask: (email: string, password: string) => Promise<SignInAnswer>;
  readonly #entered: (me: Me) => void;

  constructor(ask: (email: string, password: string) => Promise<SignInAnswer>, entered: (me: Me) => void) {
    this.#ask = ask;
    this.#entered = entered;
  }

  async submit(): Promise<void> {
    if (this.busy.value) return;
    this.failure.value = "";
    if (this.email.value.trim() === "" || this.password.value === "") {
      this.failure.value = words.signIn.missing;
      return;
    }
    this.busy.value = true;
    const answer = await this.#ask(this.email.value.trim(), this.password.value);
    this.busy.value = false;
    if ("refused" in answer) {
      this.failure.value = sentences[answer.refused];
      return;
    }
    this.password.value = "";
    this.#entered(answer.me);
  }
}
