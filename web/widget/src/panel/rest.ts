import { Refusal, type Code, type SiteItem } from "../../../shared/src/index.ts";

/** What the server says in a problem (RFC 9457): our code, and the sentence for people. */
interface Problem {
  readonly code?: Code;
  readonly detail?: string;
  readonly retry?: boolean;
}

async function answer<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  const { code, detail, retry } = ((await response.json().catch(() => null)) ?? {}) as Problem;
  throw new Refusal(code && detail ? { code, message: detail, retry: retry ?? false } : { code: "unavailable", message: "The chat cannot be reached now.", retry: true });
}

/** The few requests that come before a connection. */
export interface Rest {
  /** Makes a visitor and gives its token. Rejects with Refusal, or TypeError when there is no network. */
  newVisitor(site: string, name: string, identity: string | undefined): Promise<string>;
  /** Ends a visitor's token for good, also while the page goes; a token that is unknown has ended. Rejects while the server is not reached. */
  signOut(token: string): Promise<void>;
  status(site: string): Promise<SiteItem>;
}

/** Requests to our own origin. */
export const rest: Rest = {
  async newVisitor(site, name, identity) {
    const body = JSON.stringify({ site, ...(name ? { name } : {}), ...(identity ? { identity } : {}) });
    const response = await fetch("/v1/visitors", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    return (await answer<{ token: string }>(response)).token;
  },
  async signOut(token) {
    const response = await fetch("/v1/sign-out", { method: "POST", headers: { Authorization: `Bearer ${token}` }, keepalive: true });
    if (!response.ok && response.status !== 401 && response.status !== 404) throw new Error(`sign-out: ${response.status}`);
  },
  async status(site) {
    return answer<SiteItem>(await fetch(`/w/${encodeURIComponent(site)}/status`));
  },
};
