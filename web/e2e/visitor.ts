import { hears, seesMoving, type Colour } from "./media.ts";
import type { Frame, Name, Page, Wait } from "./driver/index.ts";

/** A visitor before the shop: the page itself, and the panel in its frame. */
export class Visitor {
  readonly page: Page;
  /** The panel's document; it is there after open() and comes back by itself on the next page. */
  readonly panel: Frame;
  #asked = false;

  constructor(page: Page) {
    this.page = page;
    this.panel = page.frame(/\/w\/[^/]+\/panel/);
  }

  /** Loads a page of the shop. */
  async visit(url: string): Promise<void> {
    await this.page.open(url);
  }

  /** Goes to another page of the shop by a link, as a real page load. */
  async follow(link: Name): Promise<void> {
    await this.page.click("link", link);
  }

  /** Clicks the launcher and waits for the panel's text box. */
  async open(): Promise<void> {
    await this.page.click("button", "Chat with us");
    await this.panel.see("textbox", "Message");
  }

  /** Types a message and sends it; the first one asks for an agent. */
  async send(text: string): Promise<void> {
    await this.panel.type("textbox", "Message", text);
    await this.panel.click("button", "Send");
    await this.panel.seeText(text);
  }

  /** Comes to a shop, opens the panel, and says who asks there. */
  async come(shop: string, name: string): Promise<void> {
    await this.visit(shop);
    await this.open();
    await this.panel.type("textbox", "Your name (optional)", name);
  }

  /** Asks; after an earlier chat as soon as that has ended. */
  async ask(text: string): Promise<void> {
    if (this.#asked) await this.panel.click("button", "Start a new chat");
    this.#asked = true;
    await this.send(text);
  }

  /** Waits until a message or a note of the system stands in the panel. */
  async sees(text: Name, wait?: Wait): Promise<void> {
    await this.panel.seeText(text, wait);
  }

  async leaveQueue(): Promise<void> {
    await this.panel.click("button", "Leave queue");
  }

  /** Ends the chat, and says yes to the panel's question whether that is meant. */
  async end(): Promise<void> {
    await this.panel.click("button", "End chat");
    await this.panel.within("alertdialog", "End this chat?").click("button", /^Yes/);
    await this.panel.gone("alertdialog", "End this chat?");
  }

  /** Changes what the page says of the shop's stock, as the shop's own script would. */
  async pageSays(text: string): Promise<void> {
    await this.page.evaluate((it: string) => {
      const stock = document.getElementById("stock");
      if (!stock) throw new Error("the page says nothing of the stock");
      stock.textContent = it;
    }, text);
  }

  /** Allows the call or co-browsing that the panel asks about; `question` tells two apart that stand there at once. */
  async allow(question?: Name, wait?: Wait): Promise<void> {
    await this.panel.within("alertdialog", question).click("button", "Allow", wait);
  }

  async refuse(question?: Name, wait?: Wait): Promise<void> {
    await this.panel.within("alertdialog", question).click("button", "Don't allow", wait);
  }

  /** Stops co-browsing by the visible frame on the shop's page. */
  async stopSharing(): Promise<void> {
    await this.page.click("button", "Stop sharing");
  }

  async hangUp(): Promise<void> {
    await this.panel.click("button", "Hang up");
  }

  /** Waits until the panel shows a moving picture of the colour and plays the tone. */
  async seesAndHears(colour: Colour, hertz: number, wait?: Wait): Promise<void> {
    await seesMoving(this.panel, colour, wait);
    await hears(this.panel, hertz, wait);
  }

  /** Waits until the agent's tone is heard. */
  async hears(hertz: number, wait?: Wait): Promise<void> {
    await hears(this.panel, hertz, wait);
  }
}
