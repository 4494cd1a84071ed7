import { Button, CloseButton, Modal } from "@mantine/core";
import { useEffect, useState } from "react";
import { words } from "../catalogue.ts";
import type { LeaveDialog } from "../models/dialogs.ts";
import { observed, useDesk } from "./observed.ts";
import { TeamForm } from "./team-dialog.tsx";
import { WhyText } from "./why-dialog.tsx";

function Leave({ dialog, close }: { dialog: LeaveDialog; close: () => void }) {
  const go = (then: "queue" | "end") => {
    close();
    void dialog.card.leave(then); // the card tells what was refused
  };
  return (
    <>
      <p>{words.team.leaveWhat}</p>
      <div className="overlay-foot">
        <Button variant="default" data-autofocus onClick={() => go("queue")}>
          {words.team.leaveQueue}
        </Button>
        <Button color="red" onClick={() => go("end")}>
          {words.team.leaveEnd}
        </Button>
      </div>
    </>
  );
}

/** The dialog that stands over the desk: whom to ask, where to leave it, or why. */
export const DialogView = observed(function DialogView() {
  const { dialogs } = useDesk();
  const dialog = dialogs.open;
  const [before] = useState(() => document.activeElement);
  useEffect(() => () => (before instanceof HTMLElement ? before.focus() : undefined), [before]); // the cursor goes back to where it was
  if (dialog === undefined) return null;
  const close = () => dialogs.close();
  const title = dialog.kind === "team" ? words.team[dialog.verb] : dialog.kind === "leave" ? words.team.leaveTitle : words.why.title(dialog.name);
  return (
    <Modal opened onClose={close} withCloseButton={false} transitionProps={{ duration: 0 }} size={dialog.kind === "why" ? "lg" : "md"}>
      <div className="overlay-head">
        <Modal.Title>{title}</Modal.Title>
        <CloseButton aria-label={words.commands.close} onClick={close} />
      </div>
      {dialog.kind === "team" && <TeamForm dialog={dialog} />}
      {dialog.kind === "leave" && <Leave dialog={dialog} close={close} />}
      {dialog.kind === "why" && <WhyText dialog={dialog} />}
    </Modal>
  );
});
