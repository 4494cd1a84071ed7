import { Alert } from "@mantine/core";
import { IconDeviceDesktopSearch, IconDoorExit, IconHelpCircle, IconLock, IconMessageQuestion, IconPhone, IconPhoneOff, IconPlayerPause, IconPlayerPlay, IconTransfer, IconUserPlus, IconVideo } from "@tabler/icons-react";
import { Suspense } from "react";
import { words } from "../catalogue.ts";
import * as verbs from "../commands/card.ts";
import * as team from "../commands/team.ts";
import type { Card } from "../models/card.ts";
import { ActionButton } from "./action-button.tsx";
import { Boundary } from "./boundary.tsx";
import { ComposerView } from "./composer.tsx";
import { LogView } from "./log.tsx";
import { observed } from "./observed.ts";
import { CallPanel, CobrowsePanel } from "./parts.ts";
import { CardSigns, TeamNotices } from "./team-notices.tsx";

const CardHead = observed(function CardHead({ card }: { card: Card }) {
  const item = card.item.value;
  const turn = card.yourTurn.value;
  return (
    <header className="card-head">
      <h2 className="card-name" dir="auto" title={card.name.value}>
        {card.name.value}
      </h2>
      {item.verified && <IconLock size={16} role="img" aria-label={words.card.verified} />}
      {!card.consult.value && (
        <span className="reach" data-reach={item.visitor}>
          <span className="dot" aria-hidden />
          {words.card.reach[item.visitor]}
        </span>
      )}
      <span className="card-where" dir="auto" title={`${item.queue} · ${item.site}`}>
        {item.queue} · {item.site}
      </span>
      <span className="card-times">
        <CardSigns card={card} />
        {turn !== "" && <span className="turn">{words.card.yourTurn(turn)}</span>}
        <span>{card.wrapUp.value ? "" : words.card.started(card.since.value)}</span>
      </span>
    </header>
  );
});

const size = 18;

const CardTools = observed(function CardTools({ card }: { card: Card }) {
  if (card.wrapUp.value) {
    return (
      <div className="card-tools wrap" role="toolbar" aria-label={words.card.toolbar}>
        <span className="wrap-text" role="timer" aria-live="off">
          {card.wrapLeft.value === "" ? words.card.wrapNoLimit : words.card.wrap(card.wrapLeft.value)}
        </span>
        {card.canWhy.value && <ActionButton command={team.why} target={card} small icon={<IconHelpCircle size={size} aria-hidden />} />}
        <ActionButton command={verbs.clear} target={card} look="filled" />
      </div>
    );
  }
  if (card.consult.value) {
    return (
      <div className="card-tools" role="toolbar" aria-label={words.card.toolbar}>
        <span className="spring" />
        <ActionButton command={team.endEnquiry} target={card} look="light" color="red" />
      </div>
    );
  }
  if (!card.owns.value) {
    return (
      <div className="card-tools" role="toolbar" aria-label={words.card.toolbar}>
        <TeamTools card={card} />
      </div>
    );
  }
  return (
    <div className="card-tools" role="toolbar" aria-label={words.card.toolbar}>
      {card.parked.value ? (
        <ActionButton command={verbs.resume} target={card} look="filled" icon={<IconPlayerPlay size={16} aria-hidden />} />
      ) : (
        <ActionButton command={verbs.park} target={card} small icon={<IconPlayerPause size={size} aria-hidden />} />
      )}
      <ActionButton command={verbs.startAudio} target={card} small icon={<IconPhone size={size} aria-hidden />} />
      <ActionButton command={verbs.startVideo} target={card} small icon={<IconVideo size={size} aria-hidden />} />
      <ActionButton command={verbs.startCobrowse} target={card} small icon={<IconDeviceDesktopSearch size={size} aria-hidden />} />
      <TeamTools card={card} />
      <span className="spring" />
      <ActionButton command={verbs.end} target={card} look="light" color="red" icon={<IconPhoneOff size={16} aria-hidden />} />
    </div>
  );
});

/** What can be asked of colleagues; only what the site and the server allow. */
const TeamTools = observed(function TeamTools({ card }: { card: Card }) {
  return (
    <>
      {card.shows("transfer") && <ActionButton command={team.transfer} target={card} small icon={<IconTransfer size={size} aria-hidden />} />}
      {card.shows("invite") && <ActionButton command={team.invite} target={card} small icon={<IconUserPlus size={size} aria-hidden />} />}
      {card.shows("enquire") && <ActionButton command={team.enquire} target={card} small icon={<IconMessageQuestion size={size} aria-hidden />} />}
      {card.shows("leave") && <ActionButton command={team.leave} target={card} small icon={<IconDoorExit size={size} aria-hidden />} />}
      {card.canWhy.value && <ActionButton command={team.why} target={card} small icon={<IconHelpCircle size={size} aria-hidden />} />}
    </>
  );
});

/** A card: head, verbs, call and page beside the log, and the message box. */
export const CardView = observed(function CardView({ card }: { card: Card }) {
  const call = card.call.value;
  const cobrowse = card.cobrowse.value;
  const sharing = cobrowse?.running.value === true;
  const page = cobrowse !== undefined && (
    <Boundary>
      <Suspense>
        <CobrowsePanel key={cobrowse.item.peek().cobrowse} cobrowse={cobrowse} />
      </Suspense>
    </Boundary>
  );
  return (
    <div className="card" role="group" aria-label={card.name.value}>
      <CardHead card={card} />
      <CardTools card={card} />
      {card.failure.value !== "" && (
        <Alert color="red" role="alert" className="notice" withCloseButton closeButtonLabel={words.card.dismiss} onClose={() => (card.failure.value = "")}>
          {card.failure.value}
        </Alert>
      )}
      <TeamNotices card={card} />
      {card.parked.value && <p className="notice quiet">{words.card.parked}</p>}
      {card.wrapUp.value && <p className="notice quiet">{words.card.ended}</p>}
      <div className="card-body" data-wide={sharing || undefined}>
        {sharing && page}
        <div className="card-talk">
          {!sharing && page}
          <Boundary>
            <Suspense>{call !== undefined && <CallPanel key={call.item.peek().call} call={call} />}</Suspense>
          </Boundary>
          <LogView card={card} />
          {!card.wrapUp.value && <ComposerView card={card} />}
        </div>
      </div>
    </div>
  );
});

/** A card that waits for its conversation. */
export function EmptyCard() {
  return (
    <div className="card empty" role="group" aria-label={words.card.empty}>
      <p>{words.card.empty}</p>
      <p className="hint">{words.card.emptyHint}</p>
    </div>
  );
}
