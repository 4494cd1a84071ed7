/** Unread messages in the page's title, before its own words. The page may change its title meanwhile. */
export class TitleCount {
  #mark = "";

  /** Shows the count; 0 gives the page its title back. */
  show(count: number): void {
    const { title } = document;
    const plain = title.startsWith(this.#mark) ? title.slice(this.#mark.length) : title;
    this.#mark = count === 0 ? "" : `(${shortCount(count)}) `;
    if (title !== this.#mark + plain) document.title = this.#mark + plain;
  }
}

/** A count with room for two digits: "99+" above. */
export function shortCount(count: number): string {
  return count > 99 ? "99+" : String(count);
}
