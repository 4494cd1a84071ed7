import { Button, Table } from "@mantine/core";
import { useEffect, useRef } from "react";
import { words } from "../catalogue.ts";
import type { Decision } from "../../../shared/src/protocol.gen.ts";
import type { Added, WhyDialog } from "../models/why.ts";
import { observed, useDesk } from "./observed.ts";

function Time({ at }: { at: number }) {
  return <time dateTime={new Date(at).toISOString()}>{words.why.time(at)}</time>;
}

/** Marks what the keys go to when a page was added. */
const firstAdded = { tabIndex: -1, "data-first-added": true } as const;

/** One decision: a sentence, what comes next, and who was looked at. */
function Decided({ it, first }: { it: Decision; first: boolean }) {
  const candidates = [...(it.eligible ?? []), ...(it.skipped ?? [])];
  const more = Object.entries(it.more ?? {});
  const next = words.why.next(it);
  return (
    <li className="decided" {...(first && firstAdded)}>
      <p>
        <Time at={it.at} /> <span dir="auto">{words.why.decision(it)}</span> {next !== "" && <span className="quiet">{next}</span>}
      </p>
      {candidates.length > 0 && (
        <Table fz="sm" layout="fixed" verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{words.why.candidate}</Table.Th>
              <Table.Th scope="col">{words.why.reason}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {candidates.map((c) => (
              <Table.Tr key={c.agent} data-able={c.reason === undefined || undefined}>
                <Table.Td dir="auto">{c.name ?? c.agent}</Table.Td>
                <Table.Td>{words.why.candidateReason(c)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {more.map(([reason, n]) => (
        <p key={reason} className="quiet">
          {words.why.further(n, reason)}
        </p>
      ))}
    </li>
  );
}

function Decisions({ name, all, first }: { name: string; all: readonly Decision[]; first: number | undefined }) {
  if (all.length === 0) return null;
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      <ol className="decisions">
        {all.map((it, i) => (
          <Decided key={`${String(it.at)}.${String(i)}`} it={it} first={i === first} />
        ))}
      </ol>
    </section>
  );
}

/** Why routing did what it did, newest first, as it was written down then. */
export const WhyText = observed(function WhyText({ dialog }: { dialog: WhyDialog }) {
  const { own } = useDesk();
  const reason = (key: string | undefined) => own.rejectReasons.value.find((r) => r.key === key)?.name;
  const why = dialog.why.value;
  const added = dialog.added.value;
  const from = (list: Added["list"]) => (added?.list === list ? added.at : undefined);
  const text = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The button that was pressed may be gone with the last page.
    if (added !== undefined) text.current?.querySelector<HTMLElement>("[data-first-added]")?.focus();
  }, [added]);
  const empty = why !== undefined && why.decisions.length + why.queue.length + why.offers.length === 0;
  return (
    <div className="why" ref={text}>
      {why === undefined && dialog.failure.value === "" && <p className="hint" role="status">{words.why.loading}</p>}
      {empty && <p className="hint">{words.why.none}</p>}
      {dialog.failure.value !== "" && (
        <p className="failure" role="alert">
          {dialog.failure.value}
        </p>
      )}
      {why !== undefined && (
        <>
          {words.why.outcome(why) !== "" && <p className="hint">{words.why.outcome(why)}</p>}
          <Decisions name={words.why.decisions} all={why.decisions} first={from("decisions")} />
          <Decisions name={words.why.verdicts} all={why.queue} first={from("queue")} />
          {why.offers.length > 0 && (
            <section aria-label={words.why.offers}>
              <h3>{words.why.offers}</h3>
              <ol className="decisions">
                {why.offers.map((o, i) => (
                  <li key={o.offer} {...(i === from("offers") && firstAdded)}>
                    <Time at={o.offered} /> <span dir="auto">{words.why.offer(o, reason(o.cause))}</span>
                  </li>
                ))}
              </ol>
            </section>
          )}
        </>
      )}
      <div className="overlay-foot">
        {why?.older !== undefined && why.older > 0 && (
          <Button variant="default" data-disabled={dialog.busy.value} aria-disabled={dialog.busy.value} onClick={() => void dialog.showOlder() /* tells its failure itself */}>
            {words.why.older}
          </Button>
        )}
        <Button variant="default" data-disabled={dialog.busy.value} aria-disabled={dialog.busy.value} onClick={() => void dialog.load() /* tells its failure itself */}>
          {words.why.again}
        </Button>
      </div>
    </div>
  );
});
