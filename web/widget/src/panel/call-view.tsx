import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { isProblem, type CallLeg } from "../../../shared/src/browser/index.ts";
import { strings } from "../strings.ts";
import type { CallModel } from "./call-model.ts";
import { Icon } from "./icons.tsx";
import { Prompt } from "./prompt.tsx";

/** Sound that the browser refuses before a click on this page: the picture plays silently, and a button asks for the click. */
interface Sound {
  readonly refused: Signal<boolean>;
  /** Counts the reasons to try again: a click, or our microphone's permission. */
  readonly tries: Signal<number>;
}

async function play(video: HTMLVideoElement, own: boolean, { refused }: Sound): Promise<void> {
  video.muted = own;
  try {
    await video.play();
    if (!own) refused.value = false;
  } catch (reason) {
    if (own || !(reason instanceof Error) || reason.name !== "NotAllowedError") return; // another stream came meanwhile
    video.muted = true;
    refused.value = true;
    await video.play().catch(() => undefined); // not even silently: the button is there
  }
}

function Player({ stream, label, own = false, sound }: { stream: MediaStream | undefined; label: string; own?: boolean; sound: Sound }): VNode {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const it = video.current;
    if (!it) return;
    it.srcObject = stream ?? null;
    if (!stream) return;
    void play(it, own, sound); // never rejects
    const flows = (): void => {
      if (sound.refused.peek()) sound.tries.value++; // their sound has come: it may be let through by now
    };
    const tracks = stream.getAudioTracks();
    for (const track of tracks) track.addEventListener("unmute", flows);
    return () => {
      for (const track of tracks) track.removeEventListener("unmute", flows);
    };
  }, [stream]);
  useSignalEffect(() => {
    const it = video.current;
    if (sound.tries.value > 0 && it?.srcObject) void play(it, own, sound); // as above
  });
  return <video ref={video} class={own ? "self" : ""} aria-label={label} playsInline />;
}

function Buttons({ leg, calls, video }: { leg: CallLeg; calls: CallModel; video: boolean }): VNode {
  const mic = leg.microphone.value === "on";
  const cam = leg.camera.value === "on";
  return (
    <div class="controls">
      <button type="button" class={mic ? "round" : "round off"} aria-label={mic ? strings.mute : strings.unmute} onClick={() => void leg.setMicrophone(!mic)}>
        <Icon name={mic ? "mic" : "micOff"} />
      </button>
      {video && (
        <button type="button" class={cam ? "round" : "round off"} aria-label={cam ? strings.cameraOff : strings.cameraOn} onClick={() => void leg.setCamera(!cam)}>
          <Icon name={cam ? "camera" : "cameraOff"} />
        </button>
      )}
      <button type="button" class="round hang" aria-label={strings.hangUp} onClick={() => void calls.hangUp()}>
        <Icon name="hangUp" />
      </button>
    </div>
  );
}

/** While sound is refused, whatever the person does in the panel lets it through. */
function useRetry({ refused, tries }: Sound): void {
  useEffect(() => {
    if (!refused.value) return;
    const again = (): void => {
      tries.value++;
    };
    const kinds = ["pointerup", "keyup"] as const;
    for (const kind of kinds) addEventListener(kind, again);
    return () => {
      for (const kind of kinds) removeEventListener(kind, again);
    };
  }, [refused.value]);
}

function Running({ calls, leg, video }: { calls: CallModel; leg: CallLeg; video: boolean }): VNode {
  const sound: Sound = { refused: useSignal(false), tries: useSignal(0) };
  const others = calls.others.value;
  const state = leg.state.value;
  const mic = leg.microphone.value;
  const cam = leg.camera.value;
  useEffect(() => {
    if (mic === "on" && sound.refused.peek()) sound.tries.value++; // who lets us listen lets us play
  }, [mic, sound.refused.value]);
  useRetry(sound);
  return (
    <section class={video ? "call video" : "call"} aria-label={strings.call}>
      {others.map(({ party, stream }) => (
        <div class={video && party.video ? "party" : "party dark"} key={party.ordinal}>
          <Player stream={stream} label={strings.partyVideo(party.name)} sound={sound} />
          <p class="name">
            <bdi>{party.name}</bdi>
            {party.here && !party.audio ? ` (${strings.muted})` : ""}
          </p>
          {video && party.here && !party.video && state === "up" && <p class="over">{strings.noPicture(party.name)}</p>}
          {!party.here && <p class="over">{strings.partyAway(party.name)}</p>}
        </div>
      ))}
      {leg.preview.value && <Player stream={leg.preview.value} label={strings.selfView} own sound={sound} />}
      {(state === "lost" || state === "ended" || (state === "connecting" && others.every(({ party }) => party.here))) && (
        <p class="over" role="status">
          {state === "lost" ? strings.callLost : state === "ended" ? strings.callFailed : strings.callConnecting}
        </p>
      )}
      {sound.refused.value && mic !== "asking" && (
        <button type="button" class="primary sound" onClick={() => sound.tries.value++}>
          {strings.enableSound}
        </button>
      )}
      <Buttons leg={leg} calls={calls} video={video} />
      {isProblem(mic) && (
        <p class="trouble" role="status">
          {strings.microphone[mic]}
        </p>
      )}
      {isProblem(cam) && (
        <p class="trouble" role="status">
          {strings.camera[cam]}
        </p>
      )}
    </section>
  );
}

/** Everything about a call: the question, the wait, the call itself. */
export function CallView({ calls }: { calls: CallModel }): VNode | null {
  const asked = calls.asked.value;
  if (asked) {
    const video = asked.media === "video";
    return (
      <Prompt
        label={strings.callRequest}
        title={strings.callAsked(asked.askedByName, video)}
        text={strings.callExplained(video)}
        busy={calls.busy.value}
        left={calls.left.value}
        answer={(allow) => void calls.answer(allow)}
      />
    );
  }
  const asking = calls.asking.value;
  if (asking) {
    return (
      <div class="notice" role="status">
        <span>{strings.callAsking(asking.media === "video")}</span>
        <button type="button" class="link" onClick={() => void calls.hangUp()}>
          {strings.cancel}
        </button>
      </div>
    );
  }
  const running = calls.running.value;
  const leg = calls.leg.value;
  if (running && leg) return <Running calls={calls} leg={leg} video={running.media === "video"} />;
  if (running && calls.elsewhere.value) {
    return (
      <div class="notice" role="status">
        <span>{strings.callElsewhere}</span>
        <button type="button" class="link" onClick={() => calls.bringHere()}>
          {strings.bringHere}
        </button>
      </div>
    );
  }
  return null;
}
