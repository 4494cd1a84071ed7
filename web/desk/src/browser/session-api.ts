import type { Me, SignInAnswer } from "../models/sign-in.ts";

/** Who is signed in here; undefined when nobody is. Rejects when the server cannot be reached. */
export async function whoAmI(): Promise<Me | undefined> {
  const response = await fetch("/v1/me", { headers: { Accept: "application/json" } });
  return response.ok ? ((await response.json()) as Me) : undefined;
}

/** Signs in; the server sets the session's cookie. */
export async function signIn(email: string, password: string): Promise<SignInAnswer> {
  try {
    const response = await fetch("/v1/sign-in", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    if (response.ok) return { me: (await response.json()) as Me };
    if (response.status === 429) return { refused: "too_many" };
    return { refused: response.status === 401 || response.status === 422 ? "wrong" : "failed" };
  } catch {
    return { refused: "unreachable" };
  }
}

/** Ends the session. It is over for this page even when the server cannot be told. */
export async function signOut(): Promise<void> {
  await fetch("/v1/sign-out", { method: "POST" }).catch(() => undefined);
}
