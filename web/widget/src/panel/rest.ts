import { Refusal, type Failed, type SiteItem } from "../../../shared/src/index.ts";

async function answer<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  const failed = (await response.json().catch(() => undefined)) as Failed | undefined;
  throw new Refusal(failed?.code ? failed : { code: "unavailable", message: "The chat cannot be reached now.", retry: true });
}

/** The few requests that come before a connection. */
export interface Rest {
  /** Makes a visitor and gives its token. Rejects with Refusal, or TypeError when there is no network. */
  newVisitor(site: string, name: string, identity: string | undefined): Promise<string>;
  status(site: string): Promise<SiteItem>;
}

/** Requests to our own origin. */
export const rest: Rest = {
  async newVisitor(site, name, identity) {
    const body = JSON.stringify({ site, ...(name ? { name } : {}), ...(identity ? { identity } : {}) });
    const response = await fetch("/v1/visitors", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    return (await answer<{ token: string }>(response)).token;
  },
  async status(site) {
    return answer<SiteItem>(await fetch(`/w/${encodeURIComponent(site)}/status`));
  },
};
