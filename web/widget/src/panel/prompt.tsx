import type { VNode } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { strings } from "../strings.ts";

/**
 * A question of the other side. No is as easy as Yes, and neither is chosen beforehand. How long it stands is shown for
 * those who look; a screen reader finds it and does not read it out each second. Who is in the middle of a message, or not in
 * the panel at all, keeps the keyboard: the line of the log is read out.
 */
export function Prompt(props: { label: string; title: string; text: string; busy: boolean; left: number | undefined; answer: (allow: boolean) => void }): VNode {
  const box = useRef<HTMLDivElement>(null);
  const title = useId();
  const text = useId();
  useEffect(() => {
    if (document.hasFocus() && !typing()) box.current?.focus();
  }, []);
  return (
    <div class="prompt" role="alertdialog" aria-label={props.label} aria-describedby={`${title} ${text}`} tabIndex={-1} ref={box}>
      <p class="ask" id={title} dir="auto">
        {props.title}
      </p>
      <p id={text}>{props.text}</p>
      {props.left !== undefined && (
        <p class="soft" role="timer" aria-live="off">
          {strings.stands(props.left)}
        </p>
      )}
      <div class="answers">
        <button type="button" disabled={props.busy} onClick={() => props.answer(false)}>
          {strings.refuse}
        </button>
        <button type="button" class="primary" disabled={props.busy} onClick={() => props.answer(true)}>
          {strings.allow}
        </button>
      </div>
    </div>
  );
}

function typing(): boolean {
  const at = document.activeElement;
  return at !== null && "value" in at && typeof at.value === "string" && at.value !== "";
}
