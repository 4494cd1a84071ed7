import { useCallback, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { signIn, signOut, whoAmI } from "./browser/session-api.ts";
import { startDesk, type RunningDesk } from "./browser/start-desk.ts";
import { words } from "./catalogue.ts";
import { SignIn, type Me } from "./models/sign-in.ts";
import { App } from "./views/app.tsx";
import { Boundary } from "./views/boundary.tsx";
import { Shell } from "./views/shell.tsx";
import { SignInView } from "./views/sign-in.tsx";

type Who = Me | "nobody" | "asking";

/** The desk of one agent; it lives as long as it is on the page. */
function DeskOf({ me, leave }: { me: Me; leave: () => void }) {
  const [running, setRunning] = useState<RunningDesk>();
  useEffect(() => {
    const life = new AbortController();
    setRunning(startDesk(me, leave, life.signal));
    return () => life.abort();
  }, [me, leave]);
  if (running === undefined) return null;
  const unlock = () => void running.alarm.unlock(); // what it could not do shows as a notice
  return <Shell desk={running.desk} agent={me.agent} unlock={unlock} />;
}

function Root() {
  const [who, setWho] = useState<Who>("asking");
  const [form] = useState(() => new SignIn(signIn, setWho));
  const leave = useCallback(() => {
    void signOut(); // it does not fail
    setWho("nobody");
  }, []);
  useEffect(() => {
    whoAmI().then(
      (me) => setWho(me ?? "nobody"),
      () => setWho("nobody"),
    );
  }, []);
  if (who === "asking") return <p className="hidden-text" role="status">{words.signIn.starting}</p>;
  if (who === "nobody") return <SignInView model={form} />;
  return <DeskOf me={who} leave={leave} />;
}

const root = document.getElementById("desk");
if (root !== null) {
  createRoot(root).render(
    <App>
      <Boundary>
        <Root />
      </Boundary>
    </App>,
  );
}
