import { useEffect, useId, useRef, type KeyboardEvent } from "react";
import { IconSend } from "@tabler/icons-react";
import { composes } from "../../../shared/src/composer.ts";
import { words } from "../catalogue.ts";
import { send } from "../commands/card.ts";
import type { Card } from "../models/card.ts";
import { ActionButton } from "./action-button.tsx";
import { observed, useDesk } from "./observed.ts";

/** The message box: Enter sends, Shift+Enter makes a line. */
export const ComposerView = observed(function ComposerView({ card }: { card: Card }) {
  const desk = useDesk();
  const hint = useId();
  const over = card.composer.over.value;
  const box = useRef<HTMLTextAreaElement>(null);
  const open = card.running.value && !card.parked.value;
  const wish = desk.places.focusWish.value;
  const front = desk.places.conversation.value === card.conversation;
  const wished = useRef(0);
  const covered = desk.dialogs.open !== undefined || desk.overlay.value !== undefined;
  useEffect(() => {
    if (!front || covered || wish === wished.current) return; // what lies over the desk keeps the cursor
    wished.current = wish;
    const frame = requestAnimationFrame(() => box.current?.focus());
    return () => cancelAnimationFrame(frame);
  }, [wish, front, covered]);
  const keyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || composes(event.nativeEvent)) return;
    event.preventDefault();
    card.composer.send();
  };
  return (
    <div className="composer">
      <p id={hint} className="excess" role="status">
        {over > 0 && words.card.tooLong(over)}
      </p>
      <textarea
        ref={box}
        className="composer-box"
        aria-label={words.card.message}
        placeholder={words.card.placeholder}
        dir="auto"
        rows={2}
        value={card.composer.draft.value}
        disabled={!open}
        aria-invalid={over > 0}
        aria-describedby={over > 0 ? hint : undefined}
        onChange={(event) => card.composer.write(event.currentTarget.value)}
        onKeyDown={keyDown}
      />
      <ActionButton
        command={send}
        target={card}
        look="filled"
        icon={<IconSend size={16} aria-hidden />}
        onDone={() => box.current?.focus()}
      />
    </div>
  );
});
