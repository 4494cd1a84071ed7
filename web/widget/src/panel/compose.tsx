import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { composes } from "../../../shared/src/index.ts";
import { strings } from "../strings.ts";
import { Icon } from "./icons.tsx";
import type { PanelModel } from "./panel-model.ts";

const maxHeight = 140;

/** The message box. Enter sends, Shift+Enter begins a line; while an input method composes, neither. */
export function Compose({ panel }: { panel: PanelModel }): VNode {
  const { composer } = panel;
  const box = useRef<HTMLTextAreaElement>(null);
  const draft = composer.draft.value;
  const over = composer.over.value;
  const first = panel.phase.value === "first";
  useEffect(() => {
    const it = box.current;
    if (!it || CSS.supports("field-sizing", "content")) return; // the styles do it
    const fit = (): void => {
      it.style.height = "auto";
      it.style.height = `${Math.min(it.scrollHeight + 2, maxHeight)}px`;
    };
    fit();
    let width = it.clientWidth;
    const observer = new ResizeObserver(() => {
      if (it.clientWidth === width) return;
      width = it.clientWidth; // a panel that was away, or another width: the lines break elsewhere
      fit();
    });
    observer.observe(it);
    return () => observer.disconnect();
  }, [draft]);
  const typed = (text: string): void => {
    composer.draft.value = text;
    const log = panel.log.peek();
    if (text.trim() === "") log?.stoppedTyping();
    else log?.typed();
  };
  return (
    <form
      class="compose"
      onSubmit={(e) => {
        e.preventDefault();
        void composer.send(); // a failure keeps the draft and shows
        box.current?.focus();
      }}
    >
      {first && (
        <>
          <label class="hide" for="name">
            {strings.name}
          </label>
          <input
            id="name"
            autocomplete="name"
            maxLength={80}
            dir="auto"
            placeholder={strings.name}
            value={panel.name.value}
            onInput={({ currentTarget }) => (panel.name.value = currentTarget.value)}
          />
        </>
      )}
      <p id="over" class="excess" role="status">
        {over > 0 && strings.tooLong(over)}
      </p>
      <div class="row">
        <label class="hide" for="message">
          {strings.message}
        </label>
        <textarea
          id="message"
          ref={box}
          rows={1}
          dir="auto"
          aria-invalid={over > 0}
          aria-describedby={over > 0 ? "over" : undefined}
          placeholder={strings.placeholder}
          value={draft}
          onInput={({ currentTarget }) => typed(currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key !== "Enter" || e.shiftKey || composes(e)) return;
            e.preventDefault();
            void composer.send(); // as above
          }}
        />
        <button type="submit" class="send" aria-label={strings.send} disabled={!composer.canSend.value}>
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}
