import { afterEach, expect, test, vi } from "vitest";
import { Refusal } from "../../shared/src/index.ts";
import { rest } from "../src/panel/rest.ts";

afterEach(() => { vi.unstubAllGlobals(); });

async function refused(answer: Response): Promise<Refusal> {
  vi.stubGlobal("fetch", () => Promise.resolve(answer));
  const reason = await rest.newVisitor("www", "", "forged").catch((it: unknown) => it);
  if (!(reason instanceof Refusal)) throw new Error(`no refusal: ${String(reason)}`);
  return reason;
}

test("a refusal has the server's sentence for people", async () => { // RFC 9457
  const problem = { type: "about:blank", title: "Unauthorized", status: 401, detail: "The site's signature for this visitor is not valid. Reload the page.", code: "unauthenticated" };
  const reason = await refused(Response.json(problem, { status: 401 }));
  expect([reason.code, reason.message, reason.retry]).toEqual(["unauthenticated", problem.detail, false]);
});

test("an answer that is not ours, of a proxy, is the chat being away", async () => {
  for (const body of ["<html>", "null", "{}", '"no"']) {
    const reason = await refused(new Response(body, { status: 502 }));
    expect([reason.code, reason.retry], body).toEqual(["unavailable", true]);
    expect(reason.message).not.toBe("");
  }
});

test("a sign-out is done where the token has ended, and not where the server is away", async () => {
  for (const [status, done] of [[204, true], [401, true], [404, true], [429, false], [502, false]] as const) {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status })));
    expect([status, await rest.signOut("token").then(() => true, () => false)]).toEqual([status, done]);
  }
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  await expect(rest.signOut("token")).rejects.toThrow(TypeError);
});
