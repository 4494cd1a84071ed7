import { atMost, guard, NotSeen, until } from "./until.ts";
import type { Frame, Name, Step, Surface, Wait } from "./types.ts";

/** An act that had no effect, because its element went away before it: what stands there now can be acted on. */
export class Untouched extends Error {
  override readonly name = "Untouched";
}

/**
 * One element that was found, as an engine holds it. Each act must end within the given milliseconds, waits until the
 * element can be acted on, and has reached the element exactly once when it returns.
 */
export interface Held {
  click(withinMs: number): Promise<void>;
  /** Replaces what a text box holds; returns when it holds just this. */
  type(text: string, withinMs: number): Promise<void>;
  press(key: string, withinMs: number): Promise<void>;
  text(): Promise<string>;
  value(): Promise<string>;
  enabled(): Promise<boolean>;
  /** Lets go of the element; nothing else may be asked of it afterwards. Does not fail. */
  release(): Promise<void>;
}

/** What an engine must be able to do with one document, at once and without waiting. */
export interface Lens {
  url(): string;
  /** How many visible matches the steps have, one inside the other. */
  count(steps: readonly Step[]): Promise<number>;
  /** The one visible match, which the caller releases; when there is not exactly one, how many there are. */
  find(steps: readonly Step[]): Promise<Held | number>;
  evaluate<A, R>(fn: (arg: A) => R | Promise<R>, arg: A): Promise<R>;
  html(): Promise<string>;
  inner(n: number): Lens;
  /** What was on the whole page, for an error: outline of each frame, console, screenshot. */
  report(): Promise<string>;
}

function told(steps: readonly Step[]): string {
  return steps.map((step) => (step.by === "text" ? `text ${step.text}` : `${step.role}${step.name === undefined ? "" : ` "${step.name}"`}`)).join(" > ");
}

/** The verbs, once, over what an engine can do. */
export class Part implements Surface {
  protected readonly lens: Lens;
  readonly #path: readonly Step[];

  constructor(lens: Lens, path: readonly Step[] = []) {
    this.lens = lens;
    this.#path = path;
  }

  async click(role: string, name?: Name, wait?: Wait): Promise<void> {
    await this.#act("click", role, name, wait, async (one, left) => {
      await one.click(left);
    });
  }

  async type(role: string, name: Name, text: string, wait?: Wait): Promise<void> {
    await this.#act("type into", role, name, wait, async (one, left) => {
      await one.type(text, left);
    });
  }

  async pressIn(role: string, name: Name | undefined, key: string, wait?: Wait): Promise<void> {
    await this.#act(`press ${key} in`, role, name, wait, async (one, left) => {
      await one.press(key, left);
    });
  }

  async see(role: string, name?: Name, wait?: Wait): Promise<void> {
    await this.#count(this.#role(role, name), "is visible", (n) => n > 0, wait);
  }

  async seeText(text: Name, wait?: Wait): Promise<void> {
    await this.#count([...this.#path, { by: "text", text }], "is visible", (n) => n > 0, wait);
  }

  async gone(role: string, name?: Name, wait?: Wait): Promise<void> {
    await this.#count(this.#role(role, name), "is gone", (n) => n === 0, wait);
  }

  async goneText(text: Name, wait?: Wait): Promise<void> {
    await this.#count([...this.#path, { by: "text", text }], "is gone", (n) => n === 0, wait);
  }

  async count(role: string, name?: Name): Promise<number> {
    return atMost(this.lens.count(this.#role(role, name)), guard);
  }

  async read(role: string, name?: Name, wait?: Wait): Promise<string> {
    return this.#act("read", role, name, wait, (one) => one.text());
  }

  async value(role: string, name: Name, wait?: Wait): Promise<string> {
    return this.#act("read the value of", role, name, wait, (one) => one.value());
  }

  async enabled(role: string, name: Name, can = true, wait?: Wait): Promise<void> {
    const steps = this.#role(role, name);
    const look = async (): Promise<boolean> => {
      const one = await this.#one(steps);
      return one.enabled().finally(() => one.release()).then((is) => is === can);
    };
    await until(`${told(steps)} ${can ? "can" : "cannot"} be used`, look, wait?.within ?? guard, () => this.lens.report());
  }

  within(role: string, name?: Name): Surface {
    return new Part(this.lens, this.#role(role, name));
  }

  #role(role: string, name: Name | undefined): Step[] {
    return [...this.#path, name === undefined ? { by: "role", role } : { by: "role", role, name }];
  }

  async #one(steps: readonly Step[]): Promise<Held> {
    const found = await this.lens.find(steps);
    if (typeof found === "number") throw new Error(`${found} elements match`);
    return found;
  }

  async #count(steps: readonly Step[], what: string, right: (n: number) => boolean, wait: Wait | undefined): Promise<void> {
    const look = async (): Promise<boolean> => right(await this.lens.count(steps));
    await until(`${told(steps)} ${what}`, look, wait?.within ?? guard, () => this.lens.report());
  }

  /**
   * Finds the one element and acts on it once; only the finding is repeated, for an act may have had its effect. It
   * had none on an element that left the document before: then what stands in its place is found and acted on.
   */
  async #act<R>(verb: string, role: string, name: Name | undefined, wait: Wait | undefined, act: (one: Held, leftMs: number) => Promise<R>): Promise<R> {
    const steps = this.#role(role, name);
    const end = performance.now() + (wait?.within ?? guard);
    for (;;) {
      const one = await until(`${told(steps)}, to ${verb} it`, () => this.#one(steps), Math.max(1_000, end - performance.now()), () => this.lens.report());
      try {
        const left = Math.max(1_000, end - performance.now());
        return await atMost(act(one, left), left + 1_000);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (error instanceof Untouched && performance.now() < end) continue;
        throw new NotSeen(`could not ${verb} ${told(steps)}: ${reason}\n${await this.lens.report()}`);
      } finally {
        void one.release();
      }
    }
  }
}

/** A document over an engine's lens. */
export class Document extends Part implements Frame {
  url(): string {
    return this.lens.url();
  }

  async evaluate<A, R>(fn: (arg: A) => R | Promise<R>, arg?: A): Promise<R> {
    // The overload without an argument is for functions that take none.
    const given = arg as A;
    return until("the document, to evaluate in it", async () => ({ answer: await this.#tryEvaluate(fn, given) }), guard, () => this.lens.report()).then(({ answer }) => {
      if ("error" in answer) throw answer.error;
      return answer.value;
    });
  }

  async until<A, R>(what: string, fn: (arg: A) => R | Promise<R>, arg: A, wait?: Wait): Promise<NonNullable<R>> {
    return until(what, () => this.lens.evaluate(fn, arg), wait?.within ?? guard, () => this.lens.report());
  }

  async html(): Promise<string> {
    return atMost(this.lens.html(), guard);
  }

  inner(n = 0): Frame {
    return new Document(this.lens.inner(n));
  }

  /** Waits for the document, but runs the function once: an error of its own is its answer. */
  async #tryEvaluate<A, R>(fn: (arg: A) => R | Promise<R>, arg: A): Promise<{ value: R } | { error: unknown }> {
    this.lens.url(); // throws while there is no such frame
    try {
      return { value: await this.lens.evaluate(fn, arg) };
    } catch (error) {
      if (error instanceof Error && /context was destroyed|navigation|detached|no such frame|not found/i.test(error.message)) throw error;
      return { error };
    }
  }
}
