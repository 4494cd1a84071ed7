import type { VNode } from "preact";
import { useId } from "preact/hooks";
import { strings } from "../strings.ts";
import type { PanelModel } from "./panel-model.ts";

/** The form for a message to be answered later. It stands where the message box stood and holds what was typed there. */
export function MessageForm({ panel }: { panel: PanelModel }): VNode {
  const { message, composer } = panel;
  const [title, hint] = [useId(), useId()];
  const over = composer.over.value;
  const waits = message.reason.value === "choice";
  const trouble = message.trouble.value;
  const optional = panel.identified.value;
  return (
    <div class="leave" role="group" aria-labelledby={title}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          void message.send(); // a failure keeps everything and shows
        }}
      >
        <h2 id={title}>{strings.leaveMessage}</h2>
        {waits && <p id={hint}>{strings.leaveMessageAdd}</p>}
        <label for="message">{strings.message}</label>
        <textarea
          id="message"
          rows={3}
          dir="auto"
          required={!waits}
          aria-describedby={over > 0 ? "over" : waits ? hint : undefined}
          aria-invalid={over > 0}
          value={composer.draft.value}
          onInput={({ currentTarget }) => (composer.draft.value = currentTarget.value)}
        />
        <p id="over" class="excess" role="status">
          {over > 0 && strings.tooLong(over)}
        </p>
        <label for="name">{strings.name}</label>
        <input id="name" autocomplete="name" maxLength={80} dir="auto" value={panel.name.value} onInput={({ currentTarget }) => (panel.name.value = currentTarget.value)} />
        <label for="email">{optional ? strings.emailOptional : strings.email}</label>
        <input
          id="email"
          type="email"
          autocomplete="email"
          maxLength={254}
          required={!optional}
          value={message.email.value}
          onInput={({ currentTarget }) => (message.email.value = currentTarget.value)}
        />
        {trouble !== undefined && (
          <p class="notice bad" role="alert">
            {trouble || strings.unreachable}
          </p>
        )}
        <div class="answers">
          {message.canChat.value && (
            <button type="button" onClick={() => message.back()}>
              {waits ? strings.keepWaiting : strings.backToChat}
            </button>
          )}
          <button type="submit" class="primary" disabled={!message.canSend.value}>
            {strings.leaveMessageSend}
          </button>
        </div>
      </form>
    </div>
  );
}
