import type { VNode } from "preact";
import { strings } from "../strings.ts";
import type { PanelModel } from "./panel-model.ts";

/** What a visitor who waits reads: the place in line, how long about, why it is further back, and what else can be done. */
export function WaitingNotice({ panel }: { panel: PanelModel }): VNode {
  const it = panel.conversation.value;
  const { why, minutes, chatOnly } = panel.waiting;
  const [range, reason] = [minutes.value, why.value];
  const byCall = it?.medium === "audio" || it?.medium === "video";
  return (
    <>
      <div class="notice">
        <div>
          <p>{it?.position ? strings.position(it.position) : strings.waiting}</p>
          {range && <p class="soft">{strings.estimate(range)}</p>}
          {reason && <p class="soft">{strings.whyBehind[reason]}</p>}
          {byCall && <p class="soft">{strings.waitingForCall(it?.medium === "video")}</p>}
        </div>
        <button type="button" class="link" onClick={() => void panel.leave()}>
          {strings.leave}
        </button>
      </div>
      {chatOnly.value && (
        <div class="notice choices">
          <p>{strings.chatOnly(it?.medium === "video")}</p>
          <button type="button" class="link" onClick={() => void panel.stay()}>
            {strings.chatNow}
          </button>
          <button type="button" class="link" onClick={() => panel.keepWaiting()}>
            {strings.keepWaiting}
          </button>
        </div>
      )}
      {it?.choice && panel.message.reason.value === undefined && (
        <div class="notice choices">
          <button type="button" class="link" onClick={() => panel.message.instead()}>
            {strings.leaveMessageInstead}
          </button>
        </div>
      )}
    </>
  );
}
