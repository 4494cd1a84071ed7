import { Alert } from "@mantine/core";
import { IconHandFinger, IconLock } from "@tabler/icons-react";
import { plain } from "../../../shared/src/plain.ts";
import type { WaitingItem } from "../../../shared/src/protocol.gen.ts";
import { duration, words } from "../catalogue.ts";
import { next, pick } from "../commands/team.ts";
import type { WaitingList } from "../models/waiting.ts";
import { ActionButton } from "./action-button.tsx";
import { observed, useDesk } from "./observed.ts";

/** One who waits: name, wait, what was asked, and Pick. */
const Row = observed(function Row({ item }: { item: WaitingItem }) {
  const { pulse, waiting } = useDesk();
  const name = words.visitor(item.name, item.conversation);
  return (
    <li className="waits">
      <span className="waits-head">
        <span className="row-name" dir="auto" title={name}>
          {name}
        </span>
        {item.verified && <IconLock size={14} role="img" aria-label={words.card.verified} />}
        <span className="waits-time">{words.waiting.since(duration(pulse.now.value - item.since))}</span>
      </span>
      <span className="waits-first" dir="auto">
        {plain(item.first)}
      </span>
      <ActionButton command={pick} target={{ waiting, item }} about={name} {...(waiting.inTurn(item) ? {} : { hint: words.waiting.notFirst })} />
    </li>
  );
});

/** One queue's waiting list, oldest first. */
const List = observed(function List({ list }: { list: WaitingList }) {
  const { waiting } = useDesk();
  return (
    <section aria-label={list.name}>
      <div className="waits-queue">
        <h3 dir="auto" title={list.name}>
          {list.name}
        </h3>
        <ActionButton command={next} target={{ waiting, list }} look="filled" about={list.name} icon={<IconHandFinger size={16} aria-hidden />} />
      </div>
      {list.items.length === 0 && <p className="hint">{words.waiting.none}</p>}
      <ul>
        {list.items.map((item) => (
          <Row key={item.conversation} item={item} />
        ))}
      </ul>
    </section>
  );
});

/** What can be picked from the agent's queues; nothing where no queue of his is one to pick from (ROUTE-6). */
export const WaitingLists = observed(function WaitingLists() {
  const { waiting, dialogs } = useDesk();
  const lists = waiting.lists.value;
  const failure = waiting.failure.value;
  if (lists.length === 0 || !dialogs.can("queue.pick")) return null;
  return (
    <section aria-labelledby="waiting-title" className="waiting">
      <h2 id="waiting-title">{words.waiting.title}</h2>
      {failure !== "" && (
        <Alert color="red" role="alert" className="notice" withCloseButton closeButtonLabel={words.card.dismiss} onClose={() => (waiting.failure.value = "")}>
          {failure}
        </Alert>
      )}
      {lists.map((list) => (
        <List key={list.queue} list={list} />
      ))}
    </section>
  );
});
