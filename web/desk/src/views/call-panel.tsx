import { Button } from "@mantine/core";
import { IconMicrophone, IconMicrophoneOff, IconPhoneOff, IconVideo, IconVideoOff } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { CallLeg, slotOf } from "../../../shared/src/browser/call-leg.ts";
import type { PartyItem } from "../../../shared/src/protocol.gen.ts";
import { words } from "../catalogue.ts";
import * as verbs from "../commands/call.ts";
import type { Call } from "../models/call.ts";
import { ActionButton } from "./action-button.tsx";
import { observed } from "./observed.ts";

/** Plays a stream. Where the browser wants a click before sound, the picture plays silently until there is one. */
function Player({ stream, label, self }: { stream: MediaStream | undefined; label: string; self: boolean }) {
  const video = useRef<HTMLVideoElement>(null);
  const [blocked, setBlocked] = useState(false);
  const play = () => {
    const it = video.current;
    if (it === null) return;
    it.muted = self;
    it.play().then(
      () => setBlocked(false),
      (reason: unknown) => {
        if (self || !(reason instanceof DOMException) || reason.name !== "NotAllowedError") return; // another stream came meanwhile
        it.muted = true;
        setBlocked(true);
        void it.play().catch(() => undefined); // not even silently: the button is there
      },
    );
  };
  useEffect(() => {
    if (!blocked) return;
    const kinds = ["pointerup", "keyup"] as const; // whatever the agent does lets sound through
    for (const kind of kinds) window.addEventListener(kind, play);
    return () => {
      for (const kind of kinds) window.removeEventListener(kind, play);
    };
  });
  useEffect(() => {
    if (video.current === null) return;
    video.current.srcObject = stream ?? null;
    if (stream !== undefined) play();
  }, [stream]);
  return (
    <>
      <video ref={video} aria-label={label} className={self ? "self" : "remote"} playsInline autoPlay muted={self} />
      {blocked && (
        <Button size="compact-xs" className="play" onClick={play}>
          {words.call.playSound}
        </Button>
      )}
    </>
  );
}

const Remote = observed(function Remote({ call, party }: { call: Call; party: PartyItem }) {
  const leg = call.leg.value;
  const own = (call.item.value.parties ?? []).find((p) => p.you);
  const streams = leg instanceof CallLeg ? leg.streams.value : [];
  const name = words.visitor(party.name, call.item.value.conversation);
  return (
    <div className="party" data-picture={party.video || undefined}>
      <Player stream={own === undefined ? undefined : streams[slotOf(party.ordinal, own.ordinal)]} label={words.call.remote(name)} self={false} />
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
        {(preview !== undefined || leg?.camera.value === "on") && <Player stream={preview} label={words.call.self} self />}
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
