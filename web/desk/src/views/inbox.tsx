import { Button } from "@mantine/core";
import { IconHourglass, IconMessage, IconMessageOff, IconMessageQuestion, IconPlayerPause, IconVideo } from "@tabler/icons-react";
import type { QueueItem } from "../../../shared/src/protocol.gen.ts";
import { duration, words } from "../catalogue.ts";
import { resume } from "../commands/card.ts";
import type { Card } from "../models/card.ts";
import { ActionButton } from "./action-button.tsx";
import { observed, useDesk } from "./observed.ts";
import { CardSigns } from "./team-notices.tsx";
import { WaitingLists } from "./waiting-list.tsx";

function Sign({ card }: { card: Card }) {
  if (card.consult.value) return <IconMessageQuestion size={18} aria-hidden />;
  if (card.wrapUp.value) return <IconMessageOff size={18} aria-hidden />;
  if (card.call.value !== undefined) return <IconVideo size={18} aria-hidden />;
  return card.parked.value ? <IconPlayerPause size={18} aria-hidden /> : <IconMessage size={18} aria-hidden />;
}
const CardSign = observed(Sign);

/** One conversation in the list: sign, name, unread, timers. */
const Row = observed(function Row({ card, onShow }: { card: Card; onShow: () => void }) {
  const desk = useDesk();
  const unread = card.unread.value;
  const turn = card.yourTurn.value;
  const front = desk.places.conversation.value === card.conversation;
  const show = () => {
    desk.show(card.conversation);
    onShow();
  };
  return (
    <li className="row" data-front={front || undefined}>
      <button type="button" className="row-main" onClick={show} aria-current={front ? "true" : undefined}>
        <CardSign card={card} />
        <span className="row-name" dir="auto" title={card.name.value}>
          {card.name.value}
        </span>
        {unread > 0 && (
          <span className="count">
            <span aria-hidden>{unread}</span>
            <span className="hidden-text">{words.inbox.unread(unread)}</span>
          </span>
        )}
        <span className="row-times">
          {card.wrapUp.value ? (
            <span>{words.inbox.wrap} {card.wrapLeft.value}</span>
          ) : (
            <span title={words.inbox.since(card.since.value)}>
              <span className="hidden-text">{words.inbox.since("")}</span>
              {card.since.value}
            </span>
          )}
          <CardSigns card={card} />
          {turn !== "" && <span className="turn">{words.card.yourTurn(turn)}</span>}
        </span>
      </button>
      {card.parked.value && <ActionButton command={resume} target={card} look="light" about={card.name.value} />}
    </li>
  );
});

const Queues = observed(function Queues() {
  const desk = useDesk();
  const queues = desk.queues.value;
  return (
    <section aria-labelledby="queues-title">
      <h2 id="queues-title">{words.inbox.queues}</h2>
      {queues.length === 0 && desk.feed.view.loaded.value && <p className="hint">{words.inbox.noQueues}</p>}
      <ul>
        {queues.map((queue) => (
          <li key={queue.queue} className="queue">
            <IconHourglass size={16} aria-hidden />
            <span className="row-name" dir="auto" title={queue.name}>
              {queue.name}
            </span>
            <span className="queue-count" data-waiting={queue.waiting > 0 || undefined}>
              {words.inbox.waiting(queue.waiting)}
              {queue.waiting > 0 && queue.oldest ? `, ${words.inbox.oldest(duration(desk.pulse.now.value - queue.oldest))}` : ""}
            </span>
            <QueueSigns queue={queue} />
          </li>
        ))}
      </ul>
    </section>
  );
});

/** What is wrong with a queue, in words (ROUTE-4, ROUTE-14, STATE-4). */
function QueueSigns({ queue }: { queue: QueueItem }) {
  const signs = [
    queue.closed && words.waiting.closed,
    queue.bare && words.waiting.bare,
    queue.delayed && words.waiting.delayed,
    queue.allAsked && words.waiting.allAsked,
  ].filter((text) => typeof text === "string");
  return signs.length > 0 && <span className="queue-signs">{signs.join(", ")}</span>;
}

/** The list at the side: running conversations, parked ones, queues. onShow is told when one was chosen. */
export const Inbox = observed(function Inbox({ onShow }: { onShow: () => void }) {
  const desk = useDesk();
  const running = desk.running.value;
  const parked = desk.parked.value;
  return (
    // It takes the keys itself, to be scrolled also when nothing in it can be chosen.
    <nav className="inbox" aria-label={words.inbox.title} tabIndex={0}>
      <section aria-labelledby="running-title">
        <h2 id="running-title">{words.inbox.running}</h2>
        {running.length === 0 && desk.feed.view.loaded.value && (
          <div className="hint">
            <p>{words.inbox.none}</p>
            <p>{desk.own.ready.value ? words.inbox.noneReady : words.inbox.nonePaused}</p>
          </div>
        )}
        <ul>
          {running.map((card) => (
            <Row key={card.conversation} card={card} onShow={onShow} />
          ))}
        </ul>
      </section>
      {parked.length > 0 && (
        <section aria-labelledby="parked-title">
          <h2 id="parked-title">{words.inbox.parked}</h2>
          <ul>
            {parked.map((card) => (
              <Row key={card.conversation} card={card} onShow={onShow} />
            ))}
          </ul>
        </section>
      )}
      <WaitingLists />
      <Queues />
    </nav>
  );
});

/** A button back to the list, on narrow screens. */
export function BackToList({ onBack, unread }: { onBack: () => void; unread: number }) {
  return (
    <Button variant="subtle" size="xs" h={34} onClick={onBack}>
      {words.inbox.back}
      {unread > 0 ? ` (${String(unread)})` : ""}
    </Button>
  );
}
