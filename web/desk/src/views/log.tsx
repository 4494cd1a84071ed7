import { ActionIcon, Button } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconChecks, IconClock, IconEyeOff, IconX } from "@tabler/icons-react";
import { useEffect, useLayoutEffect, useRef, type ReactNode } from "react";
import type { Pending } from "../../../shared/src/log.ts";
import { plain } from "../../../shared/src/plain.ts";
import type { Entry } from "../../../shared/src/protocol.gen.ts";
import { words } from "../catalogue.ts";
import type { Card } from "../models/card.ts";
import { observed, useDesk } from "./observed.ts";

const timeOf = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** The mark of one of our messages, by sign and in words. */
function MarkSign({ state }: { state: "sending" | "stored" | "delivered" | "read" }) {
  const text = words.card[state];
  const sign: Record<typeof state, ReactNode> = {
    sending: <IconClock size={14} aria-hidden />,
    stored: <IconCheck size={14} aria-hidden />,
    delivered: <IconChecks size={14} aria-hidden />,
    read: <IconChecks size={14} aria-hidden strokeWidth={3.5} />,
  };
  return (
    <span className="mark" data-mark={state} title={text}>
      {sign[state]}
      <span className="hidden-text">{text}</span>
    </span>
  );
}

const Message = observed(function Message({ card, entry }: { card: Card; entry: Entry }) {
  const mine = card.isMine(entry.author);
  const colleague = !mine && entry.author.kind !== "visitor";
  const name = entry.author.kind === "visitor" ? card.visitor.value : (entry.author.name ?? words.card.you);
  return (
    <article className="message" data-mine={mine || undefined} data-colleague={colleague || undefined}>
      <span className={colleague ? "colleague" : "hidden-text"}>
        {name}
        <span className="hidden-text">: </span>
      </span>
      <p className="bubble" dir="auto">
        {plain(entry.body.text ?? "")}
      </p>
      <footer>
        <time dateTime={new Date(entry.at).toISOString()}>{timeOf.format(entry.at)}</time>
        {mine && <MarkSign state={card.log.markOf(entry)} />}
      </footer>
    </article>
  );
});

const SystemLine = observed(function SystemLine({ entry }: { entry: Entry }) {
  const { own } = useDesk();
  const reasonOf = (key: string) => own.rejectReasons.value.find((r) => r.key === key)?.name;
  return (
    <p className="system" dir="auto">
      {entry.audience === "agents" && <IconEyeOff size={13} role="img" aria-label={words.card.private} />}
      <span>{words.entry(entry, reasonOf)}</span> <time dateTime={new Date(entry.at).toISOString()}>{timeOf.format(entry.at)}</time>
    </p>
  );
});

/** A message that is not in the log yet, or could not be sent. */
function PendingMessage({ card, it }: { card: Card; it: Pending }) {
  const desk = useDesk();
  const failed = it.state === "failed";
  return (
    <article className="message" data-mine data-failed={failed || undefined}>
      <p className="bubble" dir="auto">
        {plain(it.text)}
      </p>
      {failed ? (
        <div className="not-sent" role="alert">
          <IconAlertTriangle size={14} aria-hidden />
          <span>
            {words.card.failed}. {it.reason}
          </span>
          <Button
            size="compact-xs"
            variant="light"
            color="red"
            onClick={() => {
              card.composer.takeBack(it.op);
              desk.places.focusWish.value++;
            }}
          >
            {words.card.edit}
          </Button>
          <Button size="compact-xs" variant="light" color="red" onClick={() => card.log.resend(it.op)}>
            {words.card.resend}
          </Button>
          <ActionIcon size={24} variant="subtle" color="gray" aria-label={words.card.dismiss} onClick={() => card.log.discard(it.op)}>
            <IconX size={14} aria-hidden />
          </ActionIcon>
        </div>
      ) : (
        <footer>
          <MarkSign state={it.state === "stored" ? "stored" : "sending"} />
        </footer>
      )}
    </article>
  );
}

/** The conversation, line by line; it stays at its end while the agent is there, and tells what was looked at. */
export const LogView = observed(function LogView({ card }: { card: Card }) {
  const desk = useDesk();
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const entries = card.log.entries.value;
  const pending = card.log.pending.value;
  const typing = card.typing.value;
  useLayoutEffect(() => {
    if (atEnd.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [entries, pending, typing]);
  useRead(card, box, atEnd);
  const last = entries.at(-1);
  useEffect(() => {
    const fresh = last !== undefined && desk.pulse.exact() - last.at < 5_000;
    if (fresh && last.kind === "message" && last.author.kind === "visitor") {
      desk.attention.say(words.card.newMessage(card.visitor.value, plain(last.body.text ?? "")));
    }
  }, [desk, card, last]);
  return (
    <div className="log" role="log" aria-live="off" aria-label={words.card.log(card.name.value)} tabIndex={0} ref={box}>
      {entries.length === 0 && card.item.value.last > 0 && <p className="system">{words.card.loading}</p>}
      {entries.map((entry) =>
        entry.kind === "message" ? <Message key={entry.seq} card={card} entry={entry} /> : <SystemLine key={entry.seq} entry={entry} />,
      )}
      {pending.map((it) => (
        <PendingMessage key={it.op} card={card} it={it} />
      ))}
      {typing && (
        <p className="typing" role="status">
          {words.card.typing(card.name.value)}
          <span aria-hidden className="typing-dots" />
        </p>
      )}
    </div>
  );
});

type Box = { readonly current: HTMLDivElement | null };

/** Keeps the log at its end unless the agent has scrolled away, and counts it as read while its end is really on a page that is shown. */
function useRead(card: Card, box: Box, atEnd: { current: boolean }): void {
  useEffect(() => {
    const log = box.current;
    if (log === null) return;
    const mark = () => {
      if (atEnd.current && !document.hidden && log.clientHeight > 0) card.log.markRead();
    };
    const scrolled = () => {
      if (log.clientHeight === 0) return; // of a tab behind: says nothing
      atEnd.current = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      mark();
    };
    const sized = new ResizeObserver(() => {
      if (atEnd.current) log.scrollTo({ top: log.scrollHeight });
      mark();
    });
    sized.observe(log);
    const stop = card.log.entries.subscribe(() => requestAnimationFrame(mark));
    log.addEventListener("scroll", scrolled, { passive: true });
    document.addEventListener("visibilitychange", mark);
    return () => {
      sized.disconnect();
      stop();
      log.removeEventListener("scroll", scrolled);
      document.removeEventListener("visibilitychange", mark);
    };
  }, [card, box, atEnd]);
}
