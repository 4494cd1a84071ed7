/** What the server writes into the panel's document about the site that embeds it. */
export interface Bootstrap {
  /** The site's key. */
  readonly site: string;
  readonly name: string;
  /** Pages that may embed the panel: scheme://host[:port]. Only they get to speak to it. */
  readonly origins: readonly string[];
  /** #rrggbb or empty. */
  readonly color: string;
  /** Whether the page may keep the visitor's token where our own storage is refused. */
  readonly hostStorage: boolean;
  readonly audio: boolean;
  readonly video: boolean;
  readonly cobrowse: boolean;
  readonly mask: readonly string[];
  readonly limits: { readonly messageCharacters: number };
}

/** Reads the document's bootstrap; undefined when the server wrote none. */
export function readBootstrap(document: Document): Bootstrap | undefined {
  const text = document.getElementById("bootstrap")?.textContent ?? "null";
  const read = JSON.parse(text) as Partial<Bootstrap> | null;
  if (!read?.site) return undefined;
  return {
    site: read.site,
    name: read.name ?? "",
    origins: read.origins ?? [],
    color: read.color ?? "",
    hostStorage: read.hostStorage ?? false,
    audio: read.audio ?? false,
    video: read.video ?? false,
    cobrowse: read.cobrowse ?? false,
    mask: read.mask ?? [],
    limits: read.limits ?? { messageCharacters: 4000 },
  };
}
