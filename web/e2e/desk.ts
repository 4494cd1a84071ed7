import { hears, seesMoving, type Colour } from "./media.ts";
import { until, type Frame, type Name, type Page, type Surface, type Wait } from "./driver/index.ts";
import type { Sign } from "./server.ts";

/** An agent before the desk. Verbs of a card act on the one card that is in front. */
export class Desk {
  readonly page: Page;
  /** The viewer's document while co-browsing. */
  readonly viewer: Frame;
  /** The visitor's page as the viewer shows it, in the frame inside. */
  readonly replica: Frame;

  constructor(page: Page) {
    this.page = page;
    this.viewer = page.frame("/cobrowse/viewer");
    this.replica = this.viewer.inner();
  }

  async signIn(sign: Sign): Promise<void> {
    await this.page.open(sign.url);
    await this.page.type("textbox", "E-mail", sign.email);
    await this.page.type("textbox", "Password", sign.password);
    await this.page.click("button", "Sign in");
    await this.page.see("button", "Ready");
  }

  async ready(): Promise<void> {
    await this.page.click("button", "Ready");
    await this.#pressed("Ready");
  }

  async pause(): Promise<void> {
    await this.page.click("button", "Pause");
    await this.#pressed("Pause");
  }

  /** The window of the one offer that rings. */
  get offer(): Surface {
    return this.page.within("alertdialog", "Web chat");
  }

  /** Waits until an offer rings. */
  async rings(wait?: Wait): Promise<void> {
    await this.page.see("alertdialog", "Web chat", wait);
  }

  async accept(): Promise<void> {
    await this.offer.click("button", "Accept");
    await this.page.gone("alertdialog", "Web chat");
  }

  /** Accepts the offer and brings its card to the front. */
  async open(): Promise<void> {
    await this.offer.click("button", "Open");
    await this.page.gone("alertdialog", "Web chat");
    await this.page.see("textbox", "Message");
  }

  async reject(): Promise<void> {
    await this.offer.click("button", "Reject");
    await this.page.gone("alertdialog", "Web chat");
  }

  /** Types a message into the card and sends it. */
  async send(text: string): Promise<void> {
    await this.page.type("textbox", "Message", text);
    await this.page.click("button", "Send");
    await this.page.seeText(text);
  }

  /** Waits until a message or a note of the system can be read. */
  async sees(text: Name, wait?: Wait): Promise<void> {
    await this.page.seeText(text, wait);
  }

  /** How far the verbs of the card in front go up or down within the next second, in pixels: 0 when they stay where they are. */
  async jumps(): Promise<number> {
    return this.page.evaluate(async () => {
      const tops = new Set<number>();
      const end = performance.now() + 1_000;
      while (performance.now() < end) {
        tops.add(document.querySelector(".card-tools")?.getBoundingClientRect().top ?? -1);
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      return Math.max(...tops) - Math.min(...tops);
    });
  }

  /** How high the shared page is in a narrow window, and what of its card is cut off there; pictures of it are taken, and the window is left as it was. */
  async pageOnPhone(width: number, height: number): Promise<{ height: number; cut: string[] }> {
    const before = await this.page.evaluate(() => ({ width: innerWidth, height: innerHeight }));
    await this.page.resize(width, height);
    await this.page.until("the desk fits the window", (wide: number) => document.querySelector(".page-frame")?.getBoundingClientRect().width === wide, width);
    await this.page.goneText(/^Waiting for the visitor/);
    await this.page.screenshot(`page-${String(width)}x${String(height)}`);
    await this.page.dark(true);
    await this.page.screenshot(`page-${String(width)}x${String(height)}-dark`);
    await this.page.dark(false);
    const found = await this.page.evaluate(() => ({
      height: document.querySelector(".page-frame")?.getBoundingClientRect().height ?? 0,
      cut: [".card-tools > :last-child", ".cobrowse .ask", ".page-frame", ".stage", ".call-tools", ".log", ".composer"].filter((part) => {
        const box = document.querySelector(part)?.getBoundingClientRect();
        return box === undefined || box.top < 0 || box.bottom > innerHeight + 1 || box.right > innerWidth + 1 || box.height < 20;
      }),
    }));
    await this.page.resize(before.width, before.height);
    return found;
  }

  async park(): Promise<void> {
    await this.page.click("button", "Park");
  }

  async resume(): Promise<void> {
    await this.page.click("button", "Resume");
  }

  async startAudio(): Promise<void> {
    await this.page.click("button", "Start audio");
  }

  async startVideo(): Promise<void> {
    await this.page.click("button", "Start video");
  }

  async cobrowse(): Promise<void> {
    await this.page.click("button", "Co-browse");
  }

  async hangUp(): Promise<void> {
    await this.page.click("button", "Hang up");
  }

  /** Ends the conversation, says yes where the desk asks whether that is meant, and waits for wrap-up. */
  async end(): Promise<void> {
    await this.page.click("button", "End");
    await until("the conversation has ended, or a question whether it shall", async () => {
      for (const role of ["alertdialog", "dialog"]) {
        if ((await this.page.count(role, /End this conversation/)) > 0) {
          await this.page.within(role, /End this conversation/).click("button", "End");
          return true;
        }
      }
      return (await this.page.count("button", "Clear card")) > 0;
    });
    await this.page.enabled("button", "Clear card");
  }

  async clearCard(): Promise<void> {
    await this.page.click("button", "Clear card");
  }

  /** Waits until the desk shows a moving picture of the colour and plays the tone. */
  async seesAndHears(colour: Colour, hertz: number, wait?: Wait): Promise<void> {
    await seesMoving(this.page, colour, wait);
    await hears(this.page, hertz, wait);
  }

  /** Waits until the visitor's tone is heard. */
  async hears(hertz: number, wait?: Wait): Promise<void> {
    await hears(this.page, hertz, wait);
  }

  /** Waits until a text stands on the visitor's page as the agent sees it. */
  async seesOnPage(text: Name, wait?: Wait): Promise<void> {
    await this.replica.seeText(text, wait);
  }

  /** All that this desk's documents hold, the replica too: for searches that must find nothing. */
  async everything(): Promise<string> {
    const documents: Frame[] = [this.page];
    if (this.page.frames().some((address) => address.includes("/cobrowse/viewer"))) documents.push(this.viewer, this.replica);
    return (await Promise.all(documents.map((one) => one.html()))).join("\n");
  }

  async #pressed(name: string): Promise<void> {
    await this.page.until(`${name} is chosen`, (label: string) => [...document.querySelectorAll("button[aria-pressed=true]")].some((one) => one.textContent?.trim() === label), name);
  }
}
