import type { Failed, Targets, Why } from "../../../shared/src/protocol.gen.ts";
import { Refusal } from "../../../shared/src/refusal.ts";
import { words } from "../catalogue.ts";
import type { Insight } from "../models/dialogs.ts";

/** Reads JSON of our own server by the session's cookie. Rejects with a Refusal that says why not. */
async function read(path: string): Promise<unknown> {
  const response = await fetch(path, { headers: { Accept: "application/json" } }).catch(() => undefined);
  if (response === undefined) throw new Refusal({ code: "unavailable", message: words.signIn.unreachable, retry: true });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return body;
  const failed = typeof body === "object" && body !== null && "message" in body && typeof body.message === "string";
  throw new Refusal(failed ? (body as Failed) : { code: "internal", message: words.failure.noAnswer });
}

/** Who can be asked, and why routing decided as it did. */
export const routingApi: Insight = {
  targets: async (conversation) => (await read(`/v1/conversations/${encodeURIComponent(conversation)}/targets`)) as Targets,
  why: async (of) => {
    const about = "agent" in of ? `agents/${encodeURIComponent(of.agent)}` : `conversations/${encodeURIComponent(of.conversation)}`;
    return (await read(`/v1/${about}/why${of.before === undefined ? "" : `?before=${String(of.before)}`}`)) as Why;
  },
};
