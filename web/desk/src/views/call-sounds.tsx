import { useEffect, useRef } from "react";
import { CallLeg, slotOf } from "../../../shared/src/browser/call-leg.ts";
import type { PartyItem } from "../../../shared/src/protocol.gen.ts";
import type { Call } from "../models/call.ts";
import { observed, useDesk } from "./observed.ts";

/** What comes from a party of a call that runs in this tab; undefined elsewhere, and until we are in it. Reads signals. */
export function streamOf(call: Call, party: PartyItem): MediaStream | undefined {
  const leg = call.leg.value;
  const own = (call.item.value.parties ?? []).find((p) => p.you);
  return leg instanceof CallLeg && own !== undefined ? leg.streams.value[slotOf(party.ordinal, own.ordinal)] : undefined;
}

/** Plays what a party says. Where the browser wants a click before sound, whatever the agent does next is taken for one. */
const Sound = observed(function Sound({ call, party }: { call: Call; party: PartyItem }) {
  const audio = useRef<HTMLAudioElement>(null);
  const stream = streamOf(call, party);
  const blocked = call.soundBlocked.value;
  const play = () => {
    audio.current?.play().then(
      () => (call.soundBlocked.value = false),
      (reason: unknown) => {
        if (reason instanceof DOMException && reason.name === "NotAllowedError") call.soundBlocked.value = true; // else another stream came meanwhile
      },
    );
  };
  useEffect(() => {
    if (!blocked) return;
    const kinds = ["pointerup", "keyup"] as const;
    for (const kind of kinds) window.addEventListener(kind, play);
    return () => {
      for (const kind of kinds) window.removeEventListener(kind, play);
    };
  });
  useEffect(() => {
    if (audio.current === null) return;
    audio.current.srcObject = stream ?? null;
    if (stream !== undefined) play();
  }, [stream]);
  return <audio ref={audio} />;
});

/** What is heard of the agent's calls, whichever card is in front: the cards show the pictures, and a card that is put behind another goes silent. */
export const CallSounds = observed(function CallSounds() {
  const { calls } = useDesk();
  return calls.value.flatMap((call) => call.others.value.map((party) => <Sound key={`${call.item.value.call}/${String(party.ordinal)}`} call={call} party={party} />));
});
