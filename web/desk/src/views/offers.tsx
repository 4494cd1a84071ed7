import { ActionIcon, Menu } from "@mantine/core";
import { IconChevronDown, IconLock } from "@tabler/icons-react";
import { useEffect, useId } from "react";
import { plain } from "../../../shared/src/plain.ts";
import { words } from "../catalogue.ts";
import { bind } from "../commands/command.ts";
import { accept, acceptAndOpen, reject, rejectBecause } from "../commands/offer.ts";
import type { Offer } from "../models/offer.ts";
import { ActionButton } from "./action-button.tsx";
import { observed, useDesk } from "./observed.ts";

/** What is left of an offer that another agent took, for a moment (ROUTE-5). */
const Taken = observed(function Taken({ offer }: { offer: Offer }) {
  return (
    <p className="offer taken" role="status">
      <strong>{words.offer.takenBy(offer.takenBy.value)}</strong> <span dir="auto">{offer.name}</span>
    </p>
  );
});

/** What a colleague who asks has said, and who had the visitor last. */
function Said({ offer }: { offer: Offer }) {
  const { from, note, lastAgent } = offer.item;
  const lines = [[words.offer.from, from], [words.offer.note, note], [words.offer.lastAgent, lastAgent]] as const;
  if (lines.every(([, text]) => !text)) return null;
  return (
    <dl className="offer-form offer-said">
      {lines.map(
        ([name, text]) =>
          text && (
            <div key={name}>
              <dt>{name}</dt>
              <dd dir="auto">{plain(text)}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** One offer's window. It never takes the focus: the agent may be typing. */
const OfferWindow = observed(function OfferWindow({ offer }: { offer: Offer }) {
  const id = useId();
  const { item } = offer;
  const { own } = useDesk();
  if (offer.takenBy.value !== "") return <Taken offer={offer} />;
  const form = Object.entries(item.form ?? {});
  return (
    <div role="alertdialog" aria-modal="false" aria-labelledby={`${id}t`} aria-describedby={`${id}d`} className="offer">
      <div className="offer-time" aria-hidden>
        <div className="offer-time-left" style={{ transform: `scaleX(${offer.share.value.toFixed(3)})` }} />
      </div>
      <div className="offer-head">
        <h2 id={`${id}t`}>{offer.title.value}</h2>
        {offer.waited.value !== "" && (
          <span className="offer-waited">
            <span aria-hidden>{words.offer.waited(offer.waited.value)}</span>
            <span className="hidden-text">{words.offer.waitedInWords(offer.waited.value)}</span>
          </span>
        )}
        <span className="offer-left" role="timer" aria-live="off">
          {words.offer.left(offer.left.value)}
        </span>
      </div>
      <div id={`${id}d`} className="offer-body" tabIndex={0}>
        <p className="offer-name" dir="auto">
          {offer.name} {item.verified && <IconLock size={16} role="img" aria-label={words.card.verified} />}
        </p>
        <p className="offer-where" dir="auto">
          {item.queue} · {item.site}
        </p>
        <Said offer={offer} />
        {form.length > 0 && (
          <dl className="offer-form">
            {form.map(([key, value]) => (
              <div key={key}>
                <dt dir="auto">{key}</dt>
                <dd dir="auto">{value}</dd>
              </div>
            ))}
          </dl>
        )}
        <blockquote className="offer-first" dir="auto">
          {plain(item.first)}
        </blockquote>
      </div>
      {offer.call.value !== "" && <p className="hint">{offer.call.value}</p>}
      {offer.failure.value !== "" && (
        <p className="failure" role="alert">
          {offer.failure.value}
        </p>
      )}
      <div className="offer-buttons">
        <ActionButton command={accept} target={offer} look="filled" color="teal" />
        <ActionButton command={acceptAndOpen} target={offer} look="outline" color="teal" />
        <span className="spring" />
        <ActionButton command={reject} target={offer} />
        <Menu position="bottom-end" withinPortal={false} withInitialFocusPlaceholder={false}>
          <Menu.Target>
            <ActionIcon variant="default" size={34} aria-label={words.offer.rejectReason} disabled={!offer.open.value}>
              <IconChevronDown size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {own.rejectReasons.value.map(rejectBecause).map((command) => (
              <Menu.Item key={command.id} onClick={() => bind(command, offer).run()}>
                {command.name}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </div>
    </div>
  );
});

/** All open offers, above the desk. Each is read aloud once when it comes. */
export const Offers = observed(function Offers() {
  const desk = useDesk();
  const offers = desk.offers.value;
  const newest = offers.at(-1);
  useEffect(() => {
    if (newest !== undefined) desk.attention.say(words.offer.announced(newest.title.peek(), newest.name, newest.item.queue));
  }, [desk, newest]);
  return (
    <div className="offers">
      {offers.map((offer) => (
        <OfferWindow key={offer.item.offer} offer={offer} />
      ))}
    </div>
  );
});
