import { until, type Frame, type Page } from "./driver/index.ts";
import type { Desk } from "./desk.ts";
import type { Server } from "./server.ts";
import type { Visitor } from "./visitor.ts";

/** A visitor and an agent who are in a conversation, and what each of them said and must read. */
export class Talk {
  readonly visitor: Visitor;
  readonly desk: Desk;
  /** How many numbered messages each side has sent so far. */
  said = 0;

  constructor(visitor: Visitor, desk: Desk) {
    this.visitor = visitor;
    this.desk = desk;
  }

  /** Brings the two together: sign-in, question, offer, card. */
  async begin(server: Server, question = "Do you have green tea?"): Promise<void> {
    await this.desk.signIn(server.sign(0));
    await this.desk.ready();
    await this.visitor.visit(server.shop);
    await this.visitor.open();
    await this.visitor.send(question);
    await this.desk.rings();
    await this.desk.open();
    await this.visitor.sees(/has joined/);
  }

  /** The visitor's page of the shop is shared, and the agent sees it. */
  async share(): Promise<void> {
    await this.desk.cobrowse();
    await this.visitor.allow();
    await this.visitor.page.see("button", "Stop sharing");
    await this.desk.seesOnPage("Tea, and what it takes");
  }

  /**
   * Each side sends so many more numbered messages, both at once, and none is ahead of the other by more than one;
   * `between` is run beside them and told each number once both sent it.
   */
  async exchange(count: number, between: (n: number) => void = () => undefined): Promise<void> {
    const first = this.said + 1;
    this.said += count;
    const write = async (frame: Frame, text: string): Promise<void> => {
      await frame.type("textbox", "Message", text);
      await frame.pressIn("textbox", "Message", "Enter");
    };
    for (let n = first; n <= this.said; n += 1) {
      await Promise.all([write(this.visitor.panel, `visitor says ${n}`), write(this.desk.page, `agent says ${n}`)]);
      between(n);
    }
  }

  /** Waits until both sides show all that was said, each once and in order; fails at once when something stands there twice. */
  async complete(within = 30_000): Promise<void> {
    const wanted = JSON.stringify(Array.from({ length: this.said }, (_, n) => n + 1));
    for (const frame of [this.visitor.panel, this.desk.page]) {
      for (const who of ["visitor", "agent"]) {
        let last: number[] = [];
        await until(`all ${this.said} messages of the ${who}, once and in order, at ${frame.url()}`, async () => {
          last = await shown(frame, who);
          return JSON.stringify(last) === wanted;
        }, within, () => Promise.resolve(`  shown: ${JSON.stringify(last)}`));
      }
    }
  }

  /** No message is marked as unsent or failed on either side. */
  async settled(): Promise<void> {
    await this.visitor.panel.goneText(/^(◦ )?Sending$/);
    await this.visitor.panel.goneText(/Not sent/);
    await this.desk.page.goneText(/^(Sending|Not sent)$/);
  }
}

/** Numbers of a side's messages as they stand in a document, from top to bottom. */
export async function shown(frame: Frame, who: string): Promise<number[]> {
  const text = await frame.evaluate(() => document.body.innerText);
  return [...text.matchAll(new RegExp(`^\\s*${who} says (\\d+)\\s*$`, "gm"))].map(([, n]) => Number(n));
}

/** Texts of messages that a page has sent and whose ack has not come, by what crossed its wire: it must have been opened with `wire`. */
export function unanswered(page: Page): string[] {
  const posted = new Map<string, string>();
  for (const { way, text } of page.wire) {
    const [, kind] = /"kind":"([\w.]+)"/.exec(text) ?? [];
    const [, op] = /"op":"([\w-]+)"/.exec(text) ?? [];
    if (op === undefined) continue;
    if (way === "up" && kind === "chat.post") posted.set(op, /"text":"([^"]*)"/.exec(text)?.[1] ?? "");
    if (way === "down" && kind === "ack") posted.delete(op);
  }
  return [...posted.values()];
}

/** How many messages of a page are `unanswered`. */
export function inFlight(page: Page): number {
  return unanswered(page).length;
}
