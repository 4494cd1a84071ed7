import { useSignalEffect } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { plain, type Entry, type Log, type Pending } from "../../../shared/src/index.ts";
import { strings } from "../strings.ts";
import { systemLine } from "./system-line.ts";

const clockTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const signs = { sending: "◦", stored: "✓", delivered: "✓✓", read: "✓✓", failed: "!" } as const;

function Mark({ state, words }: { state: keyof typeof signs; words: boolean }): VNode {
  return (
    <span class={`mark ${state}`}>
      <span aria-hidden="true">{signs[state]}</span> <span class={words ? "" : "hide"}>{strings.marks[state]}</span>
    </span>
  );
}

function Message({ entry, log, last }: { entry: Entry; log: Log; last: boolean }): VNode {
  const own = entry.author.kind === "visitor";
  return (
    <li class={own ? "line own" : "line"}>
      <span class="hide">{own ? strings.you : (entry.author.name ?? strings.agent)}: </span>
      <p class="text" dir="auto">
        {plain(entry.body.text ?? "")}
      </p>
      <p class="under">
        <time dateTime={new Date(entry.at).toISOString()}>{clockTime.format(entry.at)}</time>
        {own && <Mark state={log.markOf(entry)} words={last} />}
      </p>
    </li>
  );
}

function Unsent({ it, log, edit }: { it: Pending; log: Log; edit: (op: Pending["op"]) => void }): VNode {
  return (
    <li class={`line own ${it.state}`}>
      <span class="hide">{strings.you}: </span>
      <p class="text" dir="auto">
        {plain(it.text)}
      </p>
      <p class="under">
        <Mark state={it.state} words={true} />
        {it.state === "failed" && (
          <>
            <button type="button" class="link" onClick={() => edit(it.op)}>
              {strings.edit}
            </button>
            <button type="button" class="link" onClick={() => log.resend(it.op)}>
              {strings.resend}
            </button>
            <button type="button" class="link" onClick={() => log.discard(it.op)}>
              {strings.remove}
            </button>
          </>
        )}
      </p>
      {it.state === "failed" && it.reason && <p class="why">{it.reason}</p>}
    </li>
  );
}

function System({ entry }: { entry: Entry }): VNode | null {
  const text = systemLine(entry);
  return text === "" ? null : (
    <li class="line system">
      <p dir="auto">{text}</p>
    </li>
  );
}

/** The conversation so far, below it the words that no log has yet and our unsent messages, and who types. */
export function Lines({ log, greeting, unlogged, edit }: { log: Log | undefined; greeting: string; unlogged: readonly string[]; edit: (op: Pending["op"]) => void }): VNode {
  const box = useRef<HTMLDivElement>(null);
  const entries = log?.entries.value ?? [];
  const pending = log?.pending.value ?? [];
  const typing = log?.typing.value;
  const lastOwn = entries.findLast((e) => e.kind === "message" && e.author.kind === "visitor");
  const nearEnd = useRef(true);
  const height = useRef(0);
  useLayoutEffect(() => {
    const it = box.current;
    if (it && nearEnd.current) it.scrollTop = it.scrollHeight; // who reads further up is not moved
  }, [entries.length, pending.length, typing, unlogged.length]);
  useEffect(() => {
    const it = box.current;
    if (!it) return;
    const observer = new ResizeObserver(() => {
      height.current = it.clientHeight;
      if (nearEnd.current) it.scrollTop = it.scrollHeight; // a question or a call took room: the end stays in sight
    });
    observer.observe(it);
    return () => observer.disconnect();
  }, []);
  return (
    <div
      class="lines"
      ref={box}
      tabIndex={0}
      role="region"
      aria-label={strings.conversation}
      onScroll={({ currentTarget: it }) => {
        if (it.clientHeight !== height.current) return; // it was not the person who moved it
        nearEnd.current = it.scrollHeight - it.scrollTop - it.clientHeight < 60;
      }}
    >
      {entries.length === 0 && <p class="greeting">{greeting}</p>}
      <ol>
        {log &&
          entries.map((entry) =>
            entry.kind === "message" ? (
              <Message key={entry.id} entry={entry} log={log} last={entry === lastOwn && pending.length === 0} />
            ) : (
              <System key={entry.id} entry={entry} />
            ),
          )}
        {unlogged.map((text, i) => (
          <li key={i} class="line own sending">
            <p class="text" dir="auto">
              {plain(text)}
            </p>
            <p class="under">
              <Mark state="sending" words={true} />
            </p>
          </li>
        ))}
        {log && pending.map((it) => <Unsent key={it.op} it={it} log={log} edit={edit} />)}
      </ol>
      {typing && <p class="typing">{strings.typing(typing.name ?? strings.agent)}</p>}
    </div>
  );
}

/**
 * Says each new line once to those who listen, without moving their focus. What was there at first is not said, and of
 * another conversation nothing stays.
 */
export function Announcer({ log }: { log: { value: Log | undefined } }): VNode {
  const box = useRef<HTMLDivElement>(null);
  const said = useRef<{ log: Log | undefined; seq: number }>({ log: undefined, seq: 0 });
  useSignalEffect(() => {
    const now = log.value;
    const entries = now?.entries.value ?? [];
    if (said.current.log !== now || said.current.seq === 0) {
      if (said.current.log !== now) box.current?.replaceChildren();
      said.current = { log: now, seq: entries.at(-1)?.seq ?? 0 };
      return;
    }
    const fresh = entries.filter((e) => e.seq > said.current.seq && e.author.kind !== "visitor");
    said.current.seq = entries.at(-1)?.seq ?? said.current.seq;
    for (const entry of fresh) {
      const line = document.createElement("p");
      const text = entry.kind === "message" ? `${entry.author.name ?? strings.agent}: ${plain(entry.body.text ?? "")}` : systemLine(entry);
      line.textContent = text;
      if (text !== "") box.current?.append(line);
    }
    while ((box.current?.childElementCount ?? 0) > 5) box.current?.firstElementChild?.remove();
  });
  return <div class="hide" role="log" aria-live="polite" aria-label={strings.newMessages} ref={box} />;
}
