import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { SiteItem } from "../../../shared/src/index.ts";
import { strings } from "../strings.ts";
import { CallView } from "./call-view.tsx";
import { Compose } from "./compose.tsx";
import { Icon } from "./icons.tsx";
import { Announcer, Lines } from "./lines.tsx";
import { MessageForm } from "./message-form.tsx";
import type { MessageReason } from "./message-model.ts";
import { openingTime } from "./opening-time.ts";
import type { PanelModel } from "./panel-model.ts";
import { Prompt } from "./prompt.tsx";
import { minutesOf } from "./waiting-model.ts";
import { WaitingNotice } from "./waiting-notice.tsx";

function Header({ panel }: { panel: PanelModel }): VNode {
  const phase = panel.phase.value;
  const it = panel.conversation.value;
  const calls = panel.calls.value;
  const site = panel.site.value;
  const free = phase === "active" && it && calls && !calls.asked.value && !calls.asking.value && !calls.running.value;
  const offered = site ?? panel.bootstrap;
  return (
    <header class="top">
      <div class="who">
        <h1>
          <bdi>{(phase === "active" || phase === "ended") && it?.agent ? (it.agents?.join(", ") ?? it.agent) : panel.bootstrap.name || strings.title}</bdi>
        </h1>
      </div>
      {panel.ableToCall && (free || panel.canAskCall.value) &&
        (["audio", "video"] as const).map(
          (media) =>
            offered[media] && (
              <button
                key={media}
                type="button"
                class="icon"
                aria-label={strings.start[media]}
                title={strings.start[media]}
                disabled={calls?.busy.value ?? false}
                onClick={() => void (free ? calls.ask(it.conversation, media) : panel.askCall(media))}
              >
                <Icon name={media === "audio" ? "phone" : "camera"} />
              </button>
            ),
        )}
      {phase === "active" && (
        <button type="button" class="link" onClick={() => (panel.confirmEnd.value = true)}>
          {strings.end}
        </button>
      )}
      <button type="button" class="icon" aria-label={strings.closePanel} title={strings.closePanel} onClick={() => panel.close()}>
        <Icon name="close" />
      </button>
    </header>
  );
}

function Notices({ panel }: { panel: PanelModel }): VNode {
  const phase = panel.phase.value;
  const it = panel.conversation.value;
  const agent = it?.agent ?? strings.agent;
  const connection = panel.connection.value;
  const trouble = panel.trouble.value ?? panel.calls.value?.trouble.value;
  const say = connection === "live" || connection === "idle" || connection === "closed" ? undefined : strings.connection[connection];
  return (
    <div class="notices">
      <div role="status">
        {phase === "waiting" && <WaitingNotice panel={panel} />}
        {phase === "active" && it?.parked && <p class="notice">{strings.parked(agent)}</p>}
        {phase === "active" && it?.agentReach === "reconnecting" && <p class="notice">{strings.away(agent)}</p>}
        {say && <p class={connection === "connecting" ? "notice" : "notice warn"}>{say}</p>}
        {panel.sharing.value?.failed.value && <p class="notice warn">{strings.shareFailed}</p>}
      </div>
      {trouble !== undefined && (
        <p class="notice bad" role="alert">
          {trouble || strings.unreachable}
        </p>
      )}
    </div>
  );
}

function EndQuestion({ panel }: { panel: PanelModel }): VNode | null {
  if (!panel.confirmEnd.value || panel.phase.value !== "active") return null;
  return (
    <div class="prompt" role="alertdialog" aria-label={strings.endSure}>
      <p class="ask">{strings.endSure}</p>
      <div class="answers">
        <button type="button" onClick={() => (panel.confirmEnd.value = false)}>
          {strings.endNo}
        </button>
        <button type="button" class="primary" onClick={() => void panel.end()}>
          {strings.endYes}
        </button>
      </div>
    </div>
  );
}

function SharingView({ panel }: { panel: PanelModel }): VNode | null {
  const sharing = panel.sharing.value;
  const asked = sharing?.asked.value;
  const running = sharing?.running.value;
  if (sharing && asked) {
    return (
      <Prompt
        label={strings.shareRequest}
        title={strings.shareAsked(asked.agent)}
        text={strings.shareExplained}
        busy={sharing.busy.value}
        left={sharing.left.value}
        answer={(allow) => void sharing.answer(allow)}
      />
    );
  }
  if (!sharing || !running) return null;
  return (
    <div class="notice share">
      <span>{sharing.here.value ? strings.sharing(running.agent) : strings.sharingElsewhere(running.agent)}</span>
      <button type="button" class="link" onClick={() => void sharing.stop()}>
        {strings.stopSharing}
      </button>
    </div>
  );
}

function greeting(site: SiteItem | undefined, reason: MessageReason | undefined): string {
  if (reason && reason !== "choice") return strings.messageReason[reason](site?.opensAt ? openingTime(site.opensAt, Date.now()) : "", site && minutesOf(site));
  return site && !site.staffed ? strings.awayGreeting : strings.greeting;
}

function takeKeyboard(): void {
  document.querySelector<HTMLElement>(".prompt, #message, .over-line button")?.focus();
}

/** The whole panel. */
export function App({ panel }: { panel: PanelModel }): VNode {
  const phase = panel.phase.value;
  const site = panel.site.value;
  const question = panel.calls.value?.asked.value?.call ?? panel.sharing.value?.asked.value?.cobrowse;
  useEffect(() => {
    if (question) panel.callAttention();
  }, [question]);
  const [given, asked] = [panel.focusGiven.value, panel.focusAsked.value];
  useEffect(() => {
    if (given > 0) takeKeyboard();
  }, [given]);
  useEffect(() => {
    if (asked > 0 && document.hasFocus()) takeKeyboard(); // not out of the page, where the visitor may have gone
  }, [asked]);
  useEffect(() => {
    const close = (e: KeyboardEvent): unknown => e.key === "Escape" && !e.isComposing && panel.close();
    document.addEventListener("keydown", close); // also where the keyboard is nowhere, since a question that had it is answered
    return () => document.removeEventListener("keydown", close);
  }, [panel]);
  const reason = panel.message.reason.value;
  return (
    <main class="panel">
      <Header panel={panel} />
      <Notices panel={panel} />
      {panel.calls.value && <CallView calls={panel.calls.value} />}
      <SharingView panel={panel} />
      <Lines log={panel.log.value} greeting={greeting(site, reason)} unlogged={[panel.first.value ?? [], panel.next.value].flat()} edit={(op) => panel.takeBack(op)} />
      <EndQuestion panel={panel} />
      {phase === "ended" || (phase === "first" && panel.message.left.value) ? (
        <div class="over-line">
          <p>{panel.kept.value ? strings.thanks : strings.ended}</p>
          <button type="button" class="primary" onClick={() => panel.startNew()}>
            {strings.startNew}
          </button>
        </div>
      ) : reason ? (
        <MessageForm panel={panel} />
      ) : (
        <Compose panel={panel} />
      )}
      <Announcer log={panel.log} />
    </main>
  );
}
