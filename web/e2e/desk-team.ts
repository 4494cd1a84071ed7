import { Desk } from "./desk.ts";
import type { Name, Surface, Wait } from "./driver/index.ts";

/** What is asked of a colleague, as its button is called. */
export type Verb = "Transfer" | "Invite" | "Enquire";

/** How the window of an offer is titled. */
export type Kind = "Web chat" | "Video" | "Transfer" | "Invitation" | "Enquiry";

/** What "Why?" tells: one line for each decision and offer, and one for each agent who was looked at. */
export interface Told {
  readonly decisions: readonly string[];
  readonly candidates: readonly string[];
  readonly waited: readonly string[];
  readonly offers: readonly string[];
}

/** An agent among others: offers of all kinds, colleagues, waiting lists, and why. */
export class TeamDesk extends Desk {
  /** Waits until the label of the agent's own state reads so. */
  async is(label: Name, wait?: Wait): Promise<void> {
    await this.page.seeText(label, wait);
  }

  /** The one window of an offer of that kind. */
  window(kind: Kind): Surface {
    return this.page.within("alertdialog", kind);
  }

  /** Waits until an offer of that kind rings. */
  async hearsOf(kind: Kind, wait?: Wait): Promise<void> {
    await this.page.see("alertdialog", kind, wait);
  }

  /** How many offers ring, or show who took them, now. */
  async ringing(): Promise<number> {
    return this.page.count("alertdialog");
  }

  /** Accepts an offer of that kind and brings its card to the front. */
  async take(kind: Kind): Promise<void> {
    await this.window(kind).click("button", "Open");
    await this.page.gone("alertdialog", kind);
    await this.page.see("textbox", "Message");
  }

  async rejectBecause(reason: string, kind: Kind = "Web chat"): Promise<void> {
    await this.window(kind).click("button", "Reject with a reason");
    await this.page.click("menuitem", reason);
    await this.page.gone("alertdialog", kind);
  }

  /** Rejects one offer after the other, each as soon as it rings. */
  async rejectTimes(times: number): Promise<void> {
    const some = 20; // in one go
    for (let done = 0; done < times; done += some) {
      await this.page.evaluate(async (wanted) => {
        let last: Element | undefined;
        for (let n = 0; n < wanted; ) {
          const offer = document.querySelector("[role=alertdialog]");
          const reject = [...(offer?.querySelectorAll("button") ?? [])].find((one) => one.textContent.trim() === "Reject" && !one.disabled);
          if (offer !== null && offer !== last && reject !== undefined) {
            reject.click();
            last = offer;
            n += 1;
          }
          await new Promise((resolve) => requestAnimationFrame(resolve));
        }
      }, Math.min(some, times - done));
    }
    await this.rings();
  }

  /** Opens the choice of whom to ask and waits for the list. */
  async choose(verb: Verb): Promise<Surface> {
    await this.page.click("button", verb);
    const dialog = this.page.within("dialog", verb);
    await dialog.see("listbox", "Agents");
    return dialog;
  }

  /** Asks a colleague, or a queue, from the card in front. */
  async ask(verb: Verb, whom: Name, note = ""): Promise<void> {
    const dialog = await this.choose(verb);
    await dialog.click("option", whom);
    if (note !== "") await dialog.type("textbox", "Note", note);
    await dialog.click("button", verb);
    await this.page.gone("dialog", verb);
  }

  /** Shows a conversation of the list at the side. */
  async show(name: RegExp): Promise<void> {
    await this.page.within("navigation", "Conversations").click("button", name);
  }

  /** The waiting list of a queue. */
  list(queue: string): Surface {
    return this.page.within("region", "Waiting list").within("region", queue);
  }

  /** Opens "Why?" of the card in front, or of the agent, and reads it. */
  async why(of: "card" | "me" = "card"): Promise<Told> {
    if (of === "card") await this.page.click("button", "Why?");
    else await this.account("menuitem", "Why? (me)");
    await this.page.within("dialog", /^Why\?/).see("region", "Decisions");
    return this.told();
  }

  /** What the open "Why?" says, after it was read anew. */
  async readAgain(): Promise<Told> {
    const dialog = this.page.within("dialog", /^Why\?/);
    await dialog.click("button", "Read again");
    await dialog.enabled("button", "Read again");
    return this.told();
  }

  /** What the open "Why?" says now. */
  async told(): Promise<Told> {
    return this.page.evaluate(() => {
      const clean = (element: Element): string => (element instanceof HTMLElement ? element.innerText : "").replace(/\s+/g, " ").trim();
      const all = (region: string, inner: string): string[] => [...document.querySelectorAll(`[role=dialog] section[aria-label="${region}"] ${inner}`)].map(clean);
      return {
        decisions: all("Decisions", "li > p:first-child"),
        candidates: all("Decisions", "li:first-child tbody tr"),
        waited: all("While it waited", "li"),
        offers: all("Offers", "li"),
      };
    });
  }

  /** Closes the dialog that stands over the desk. */
  async close(dialog: Name): Promise<void> {
    await this.page.within("dialog", dialog).click("button", "Close");
    await this.page.gone("dialog", dialog);
  }

  /** Chooses something in the account's menu. */
  async account(role: "menuitem" | "menuitemcheckbox" | "menuitemradio", name: string): Promise<void> {
    await this.page.click("button", "Account");
    await this.page.click(role, name);
  }
}
