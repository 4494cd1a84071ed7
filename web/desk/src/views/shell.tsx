import { Alert, Button } from "@mantine/core";
import { Suspense, useEffect, useState } from "react";
import { fits, typesInto } from "../browser/keys.ts";
import { words } from "../catalogue.ts";
import { actions } from "../commands/desk.ts";
import type { Desk } from "../models/desk.ts";
import { Boundary } from "./boundary.tsx";
import { CallSounds } from "./call-sounds.tsx";
import { CardView, EmptyCard } from "./card.tsx";
import { Header } from "./header.tsx";
import { BackToList, Inbox } from "./inbox.tsx";
import { DeskContext, observed, useDesk } from "./observed.ts";
import { Offers } from "./offers.tsx";
import { DialogView, Dock, loadParts, Overlays } from "./parts.ts";

/** What the desk must tell before all else: no more offers, no sound, a refused verb. */
const Notices = observed(function Notices({ unlock }: { unlock: () => void }) {
  const { own, attention, feed } = useDesk();
  const failure = own.failure.value;
  const refused = feed.state.value === "refused";
  return (
    <div className="notices">
      {own.notice.value !== "" && (
        <Alert color="orange" role="alert" className="notice">
          {own.notice.value}
        </Alert>
      )}
      {failure !== "" && (
        <Alert color="red" role="alert" className="notice" withCloseButton closeButtonLabel={words.card.dismiss} onClose={() => (own.failure.value = "")}>
          {failure}
        </Alert>
      )}
      {refused && (
        <Alert color="red" role="alert" className="notice">
          {words.signIn.ended}{" "}
          <Button size="compact-xs" variant="light" color="red" onClick={() => location.reload()}>
            {words.failure.reload}
          </Button>
        </Alert>
      )}
      {attention.soundBlocked.value && (
        <Alert color="yellow" role="status" className="notice">
          {words.sound.blocked}{" "}
          <Button size="compact-xs" variant="default" onClick={unlock}>
            {words.sound.enable}
          </Button>
        </Alert>
      )}
    </div>
  );
});

const FrontCard = observed(function FrontCard() {
  const card = useDesk().front.value;
  return card === undefined ? <EmptyCard /> : <CardView key={card.conversation} card={card} />;
});

/**
 * Wide screens: all cards, in the dock, which is loaded by itself. Until it is here no card is shown: one that moved into
 * the dock later would go from under the mouse, and lose the cursor.
 */
function Cards({ agent }: { agent: string }) {
  return (
    <div className="cards">
      <Suspense>
        <Dock agent={agent} />
      </Suspense>
    </div>
  );
}

/** Narrow screens: the list, or the card. */
const Stack = observed(function Stack() {
  const desk = useDesk();
  const [list, setList] = useState(true);
  const wish = desk.places.focusWish.value;
  useEffect(() => {
    if (wish > 0 && desk.front.peek() !== undefined) setList(false);
  }, [desk, wish]);
  const none = desk.front.value === undefined;
  const elsewhere = desk.cards.value.filter((c) => c !== desk.front.value).reduce((sum, c) => sum + c.unread.value, 0);
  if (list || none) return <Inbox onShow={() => setList(false)} />;
  return (
    <div className="stack">
      <BackToList onBack={() => setList(true)} unread={elsewhere} />
      <FrontCard />
    </div>
  );
});

function useNarrow(): boolean {
  const [query] = useState(() => matchMedia("(max-width: 760px)"));
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const change = () => setNarrow(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, [query]);
  return narrow;
}

/** Shortcuts run the same actions as the buttons. A single sign belongs to a text box when one is focused. */
function useShortcuts(desk: Desk): void {
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.isComposing || (event.key === "?" && typesInto(event.target))) return;
      const action = actions(desk).find((a) => a.enabled && a.shortcut !== undefined && fits(a.shortcut, event));
      if (action === undefined) return;
      event.preventDefault();
      action.run();
    };
    window.addEventListener("keydown", down);
    return () => window.removeEventListener("keydown", down);
  }, [desk]);
}

const Spoken = observed(function Spoken() {
  const { attention } = useDesk();
  return (
    <p className="hidden-text" aria-live="polite">
      {attention.spoken.value}
    </p>
  );
});

/** The whole desk. */
export const Shell = observed(function Shell(props: { desk: Desk; agent: string; unlock: () => void }) {
  const narrow = useNarrow();
  useShortcuts(props.desk);
  useEffect(loadParts, []);
  return (
    <DeskContext value={props.desk}>
      <div className="desk">
        <Header />
        <Notices unlock={props.unlock} />
        {narrow && <Offers />}
        <main className="floor" data-narrow={narrow || undefined}>
          <Boundary>
            {narrow ? (
              <Stack />
            ) : (
              <>
                <div className="side">
                  <Offers />
                  <Inbox onShow={() => undefined} />
                </div>
                <Cards agent={props.agent} />
              </>
            )}
          </Boundary>
        </main>
        <Boundary>
          <Suspense>{props.desk.overlay.value !== undefined && <Overlays />}</Suspense>
        </Boundary>
        <Boundary>
          <Suspense>{props.desk.dialogs.open !== undefined && <DialogView />}</Suspense>
        </Boundary>
        <Spoken />
        <CallSounds />
      </div>
    </DeskContext>
  );
});
