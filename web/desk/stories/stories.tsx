import { createRoot } from "react-dom/client";
import { systemClock } from "../../shared/src/browser/system-clock.ts";
import type { CallID, ConversationID } from "../../shared/src/protocol.gen.ts";
import { Alarm } from "../src/browser/alarm.ts";
import { layouts } from "../src/browser/storage.ts";
import { SignIn } from "../src/models/sign-in.ts";
import { stage } from "../src/testing/stage.ts";
import { App } from "../src/views/app.tsx";
import { Shell } from "../src/views/shell.tsx";
import { SignInView } from "../src/views/sign-in.tsx";
import { decided, stories, targets } from "./scenes.ts";

/** Shows one story of the desk, named by ?story=; for development only. */
function show(name: string) {
  if (name === "sign-in" || name === "sign-in-wrong") {
    const form = new SignIn(() => Promise.resolve({ refused: "wrong" }), () => undefined);
    if (name === "sign-in-wrong") {
      form.email.value = "ann@example.com";
      form.password.value = "secret";
      void form.submit(); // it tells its failure itself
    }
    return <SignInView model={form} />;
  }
  const story = stories[name];
  if (story === undefined) return <ul>{Object.keys(stories).map((key) => <li key={key}><a href={`?story=${key}`}>{key}</a></li>)}</ul>;
  const ownCalls = { has: (call: CallID) => String(call) === "own", add: () => undefined, delete: () => undefined };
  const s = stage({ ...story.scene, clock: systemClock, ownCalls, targets: () => Promise.resolve(targets), why: () => Promise.resolve(decided) });
  for (const [conversation, entries] of Object.entries(story.logs ?? {})) {
    const log = s.log(conversation as ConversationID);
    log.take({ conversation: conversation as ConversationID, entries: [...entries], last: entries.length });
    log.takeMarks({ conversation: conversation as ConversationID, marks: [{ side: "visitor", delivered: 8, read: 6 }] });
    if (story.failing) s.fail(log, "This message could not be stored.");
  }
  if (story.failing) {
    s.state.value = "offline";
    s.desk.own.failure.value = "Ready needs a live desktop. Wait until the connection is back.";
  }
  const [first] = s.desk.cards.peek();
  if (story.dialog !== undefined && first !== undefined) {
    if (story.dialog === "leave") s.desk.dialogs.leave(first);
    else if (story.dialog === "why") first.askWhy();
    else first.askTeam(story.dialog);
  }
  const layout = layouts.load("story");
  if (typeof layout === "object" && layout !== null && "places" in layout) s.desk.places.restore(layout.places);
  Object.assign(window, { stage: s });
  const alarm = new Alarm(s.desk, new AbortController().signal);
  return <Shell desk={s.desk} agent="story" unlock={() => void alarm.unlock()} />;
}

const query = new URLSearchParams(location.search);
document.documentElement.dir = query.get("dir") ?? "ltr";
const root = document.getElementById("desk");
if (!query.has("keep")) localStorage.clear(); // ?keep: the layout of the story before
if (root !== null) createRoot(root).render(<App>{show(query.get("story") ?? "")}</App>);
