/**
 * A short mark of the person whom a signed identity names, the same for each token of that person; undefined where the token
 * cannot be read. Nothing is verified here, and the person's name at the site cannot be read from it.
 */
export function whoOf(token: string): string | undefined {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const { sub } = JSON.parse(atob(payload)) as { sub?: unknown };
    if (typeof sub !== "string") return undefined;
    let mark = 0x811c9dc5; // FNV-1a
    for (let i = 0; i < sub.length; i++) mark = Math.imul(mark ^ sub.charCodeAt(i), 0x01000193);
    return (mark >>> 0).toString(36);
  } catch {
    return undefined;
  }
}
