import { Alert } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { words } from "../catalogue.ts";
import { cancelRequest } from "../commands/team.ts";
import type { Card } from "../models/card.ts";
import { ActionButton } from "./action-button.tsx";
import { observed, useDesk } from "./observed.ts";

/** How what the agent asked of a colleague stands. */
const Request = observed(function Request({ card }: { card: Card }) {
  const { own } = useDesk();
  const request = card.request.value;
  if (request === undefined) return null;
  if (request.state === "open") {
    return (
      <div className="notice quiet asked" role="status">
        <span>{words.team.waiting(request.kind, request.to)}</span>
        <ActionButton command={cancelRequest} target={card} />
      </div>
    );
  }
  const reason = own.rejectReasons.value.find((r) => r.key === request.cause)?.name;
  return (
    <Alert color="orange" role="alert" className="notice" withCloseButton closeButtonLabel={words.card.dismiss} onClose={() => card.putAwayRequest()}>
      {words.team.refused(request, reason)}
    </Alert>
  );
});

/** What a card says of colleagues: who is in it, what was asked of them, that an enquiry is private. */
export const TeamNotices = observed(function TeamNotices({ card }: { card: Card }) {
  const desk = useDesk();
  const { agents = [], callOver, parent } = card.item.value;
  const parentIsHere = desk.cards.value.some((c) => c.conversation === parent);
  return (
    <>
      <Request card={card} />
      {card.consult.value && (
        <p className="notice quiet">
          {words.team.consultHint}{" "}
          {parent !== undefined && parentIsHere && (
            <button type="button" className="link" onClick={() => desk.show(parent)}>
              {words.team.toParent}
            </button>
          )}
        </p>
      )}
      {agents.length > 1 && !card.consult.value && (
        <p className="notice quiet present">
          <IconUsers size={16} aria-hidden /> {words.team.present}{" "}
          <span dir="auto">{agents.map((a) => (a.role === "owner" ? words.team.owner(a.name) : a.name)).join(", ")}</span>
        </p>
      )}
      {callOver && card.call.value?.item.value.state === "asked" && (
        <p className="notice quiet" role="status">
          {words.team.callOver}
        </p>
      )}
    </>
  );
});

/** What stands out about a card beside its name: over capacity, first reply due, woken and waiting. */
export const CardSigns = observed(function CardSigns({ card }: { card: Card }) {
  const item = card.item.value;
  const reply = card.replyLeft.value;
  return (
    <>
      {item.waitsForOwner && <span className="sign">{words.team.waitsForYou}</span>}
      {reply !== "" && <span className="sign">{reply === "0:00" ? words.team.replyOverdue : words.team.replyDue(reply)}</span>}
      {item.over && <span className="sign">{words.team.over}</span>}
    </>
  );
});
