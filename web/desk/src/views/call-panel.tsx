import { Button } from "@mantine/core";
import { IconMicrophone, IconMicrophoneOff, IconPhoneOff, IconVideo, IconVideoOff } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { CallLeg } from "../../../shared/src/browser/call-leg.ts";
import type { PartyItem } from "../../../shared/src/protocol.gen.ts";
import { words } from "../catalogue.ts";
import * as verbs from "../commands/call.ts";
import type { Call } from "../models/call.ts";
import { ActionButton } from "./action-button.tsx";
import { streamOf } from "./call-sounds.tsx";
import { observed } from "./observed.ts";

/** Shows a picture, without its sound. Put behind another card and taken to the front again it goes on. */
function Picture({ stream, label, self }: { stream: MediaStream | undefined; label: string; self: boolean }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const it = video.current;
    if (it === null) return;
    it.muted = true;
    it.srcObject = stream ?? null;
    const play = () => {
      if (stream !== undefined && it.isConnected && it.paused) it.play().catch(() => undefined); // another stream came meanwhile
    };
    play();
    const again = new ResizeObserver(play); // out of the document it stops, and has no size
    again.observe(it);
    return () => again.disconnect();
  }, [stream]);
  return <video ref={video} aria-label={label} className={self ? "self" : "remote"} playsInline autoPlay muted />;
}

const Remote = observed(function Remote({ call, party }: { call: Call; party: PartyItem }) {
  const name = words.visitor(party.name, call.item.value.conversation);
  return (
    <div className="party" data-picture={party.video || undefined}>
      <Picture stream={streamOf(call, party)} label={words.call.remote(name)} self={false} />
      {!party.video && <p className="no-picture">{words.call.noPicture(name)}</p>}
      <p className="party-notes" role="status">
        {!party.here && <span>{words.call.away(name)}</span>}
        {party.here && !party.audio && <span>{words.call.muted(name)}</span>}
      </p>
    </div>
  );
});

const Controls = observed(function Controls({ call }: { call: Call }) {
  const leg = call.leg.value;
  const muted = leg?.microphone.value !== "on";
  const dark = leg?.camera.value !== "on";
  return (
    <div className="call-tools" role="toolbar" aria-label={words.call.panel}>
      <ActionButton
        command={muted ? verbs.unmute : verbs.mute}
        target={call}
        icon={muted ? <IconMicrophoneOff size={16} aria-hidden /> : <IconMicrophone size={16} aria-hidden />}
      />
      <ActionButton
        command={dark ? verbs.cameraOn : verbs.cameraOff}
        target={call}
        icon={dark ? <IconVideoOff size={16} aria-hidden /> : <IconVideo size={16} aria-hidden />}
      />
      <span className="call-time">{call.since.value}</span>
      <span className="spring" />
      <ActionButton command={verbs.hangUp} target={call} look="filled" color="red" icon={<IconPhoneOff size={16} aria-hidden />} />
    </div>
  );
});

const Running = observed(function Running({ call }: { call: Call }) {
  const leg = call.leg.value;
  const preview = leg instanceof CallLeg ? leg.preview.value : undefined;
  const state = leg?.state.value;
  return (
    <>
      <div className="stage">
        {call.others.value.map((party) => (
          <Remote key={party.ordinal} call={call} party={party} />
        ))}
        {(preview !== undefined || leg?.camera.value === "on") && <Picture stream={preview} label={words.call.self} self />}
        {call.soundBlocked.value && (
          <Button size="compact-xs" className="play">
            {words.call.playSound}
          </Button>
        )}
        {(state === "connecting" || state === "lost") && (
          <p className="stage-note" role="status">
            {state === "lost" ? words.call.lost : words.call.connecting}
          </p>
        )}
      </div>
      <Controls call={call} />
    </>
  );
});

/** The call in a card: asking, being asked, or running with pictures and buttons. */
export const CallPanel = observed(function CallPanel({ call }: { call: Call }) {
  const item = call.item.value;
  const phase = call.phase.value;
  return (
    <section className="call" aria-label={words.call.panel}>
      {phase === "asking" && (
        <div className="ask">
          <p role="status">{words.call.asked(item.media)}</p>
          <ActionButton command={verbs.cancelCall} target={call} />
        </div>
      )}
      {phase === "asked" && (
        <div className="ask">
          <p role="alert">{words.call.incoming(words.visitor(item.askedByName, item.conversation), item.media)}</p>
          <ActionButton command={verbs.takeCall} target={call} look="filled" color="teal" />
          <ActionButton command={verbs.declineCall} target={call} />
        </div>
      )}
      {phase === "elsewhere" && (
        <div className="ask">
          <p role="status">{words.call.other}</p>
          <ActionButton command={verbs.takeHere} target={call} />
          <ActionButton command={verbs.hangUp} target={call} look="light" color="red" />
        </div>
      )}
      {phase === "here" && <Running call={call} />}
      {call.problems.value.map((text) => (
        <p key={text} className="notice quiet" role="alert">
          {text}
        </p>
      ))}
      {call.failure.value !== "" && (
        <p className="failure" role="alert">
          {call.failure.value}
        </p>
      )}
    </section>
  );
});
