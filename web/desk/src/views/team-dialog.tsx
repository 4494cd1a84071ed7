import { Button, TextInput } from "@mantine/core";
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { words } from "../catalogue.ts";
import { label } from "../models/own-state.ts";
import { longestNote, type TeamDialog } from "../models/team.ts";
import { observed, useDesk } from "./observed.ts";

interface Option {
  readonly id: string;
  readonly text: string;
  readonly able: boolean;
  /** Why it cannot be chosen, where its text does not say it already. */
  readonly unable: string;
  readonly chosen: boolean;
  choose(): void;
}

/** A list of whom to ask. Arrow keys go through all of it, so that the reasons of those who cannot be asked are heard too. */
function Targets({ name, options, first }: { name: string; options: readonly Option[]; first: boolean }): ReactNode {
  const base = useId();
  const [at, setAt] = useState<string>();
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (first) list.current?.focus();
  }, [first]); // when it has come: whoever works by keys chooses at once
  if (options.length === 0) return null;
  const active = options.findIndex((o) => o.id === at);
  const go = (to: number) => {
    const option = options[Math.min(options.length - 1, Math.max(0, to))];
    if (option === undefined) return;
    setAt(option.id);
    option.choose();
    document.getElementById(`${base}${option.id}`)?.scrollIntoView({ block: "nearest" });
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") go(active + 1);
    else if (event.key === "ArrowUp") go(active < 0 ? options.length - 1 : active - 1);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(options.length - 1);
    else if (event.key === " " && active >= 0) go(active);
    else return;
    event.preventDefault();
  };
  return (
    <div className="targets">
      <h3 id={`${base}h`}>{name}</h3>
      <ul ref={list} data-autofocus={first || undefined} role="listbox" tabIndex={0} aria-labelledby={`${base}h`} aria-activedescendant={active < 0 ? undefined : `${base}${at ?? ""}`} onKeyDown={keyDown}>
        {options.map((option, i) => (
          <li key={option.id} id={`${base}${option.id}`} role="option" aria-selected={option.chosen} aria-disabled={!option.able || undefined} data-active={i === active || undefined} onClick={() => go(i)}>
            <span dir="auto">{option.text}</span>
            {option.unable !== "" && <span className="unable"> {option.unable}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Transfer, Invite or Enquire: whom, with which note. */
export const TeamForm = observed(function TeamForm({ dialog }: { dialog: TeamDialog }) {
  const id = useId();
  const { verb } = dialog;
  const { feed } = useDesk();
  const targets = dialog.targets.value;
  const unseen = dialog.unseen.value;
  const sendsLater = dialog.asking.value && feed.state.value !== "live";
  const outdated = targets !== undefined && unseen !== "";
  const [agents, queues] = [dialog.agents.value, dialog.queues.value];
  const nobody = targets !== undefined && targets.agents.length + targets.queues.length === 0;
  const empty = agents.length + queues.length === 0;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void dialog.ask(); // tells its failure itself
      }}
    >
      <p className="dialog-what">{words.team.what[verb]}</p>
      {dialog.many.value && (
        <TextInput aria-label={words.team.find} placeholder={words.team.find} value={dialog.find.value} onChange={(event) => (dialog.find.value = event.currentTarget.value)} mb={8} />
      )}
      {targets === undefined && unseen !== "" && (
        <p className="failure" role="alert">
          {unseen}
        </p>
      )}
      {targets === undefined && unseen === "" && <p className="hint" role="status">{words.team.loading}</p>}
      {nobody && <p className="hint">{words.team.none}</p>}
      {targets !== undefined && !nobody && empty && <p className="hint">{words.team.nothingFound}</p>}
      <Targets
        name={words.team.agents}
        first={agents.length > 0 && !dialog.many.value}
        options={agents.map((a) => ({
          id: a.agent,
          text: words.team.agent(a.name, label({ label: a.label, used: a.used, total: a.total })),
          able: a.able,
          unable: a.able || a.reason === "not_ready" ? "" : words.team.unable(a.reason),
          chosen: dialog.isChosen(a.agent),
          choose: () => dialog.chooseAgent(a),
        }))}
      />
      <Targets
        name={words.team.queues}
        first={agents.length === 0 && queues.length > 0 && !dialog.many.value}
        options={queues.map((q) => ({
          id: q.queue,
          text: words.team.queue(q),
          able: q.able,
          unable: q.able || !q.open ? "" : words.team.queueUnable(q.reason),
          chosen: dialog.isChosen(q.queue),
          choose: () => dialog.chooseQueue(q),
        }))}
      />
      <label className="dialog-note" htmlFor={`${id}n`}>
        {words.team.note}
      </label>
      <textarea id={`${id}n`} className="composer-box" rows={2} dir="auto" maxLength={longestNote} aria-describedby={`${id}h`} value={dialog.note.value} onChange={(event) => (dialog.note.value = event.currentTarget.value)} />
      <p id={`${id}h`} className="dialog-hint">
        {words.team.noteHint}
      </p>
      {dialog.mayLeave.value && (
        <label className="dialog-check">
          <input type="checkbox" checked={dialog.leave.value} onChange={(event) => (dialog.leave.value = event.currentTarget.checked)} /> {words.team.leaveAtOnce}
        </label>
      )}
      {dialog.failure.value !== "" && (
        <p className="failure" role="alert">
          {dialog.failure.value}
        </p>
      )}
      {(sendsLater || outdated) && (
        <p className="dialog-away" role="status">
          {sendsLater ? words.team.sendsLater : words.team.outdated}
        </p>
      )}
      <div className="overlay-foot">
        <Button type="submit" disabled={!dialog.canAsk.value}>
          {words.team[verb]}
        </Button>
      </div>
    </form>
  );
});
