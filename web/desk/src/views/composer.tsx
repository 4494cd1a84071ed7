import { useEffect, useRef, type KeyboardEvent } from "react";
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
  const box = useRef<HTMLTextAreaElement>(null);
  const open = card.running.value && !card.parked.value;
  const wish = desk.places.focusWish.value;
  const front = desk.places.conversation.value === card.conversation;
  const wished = useRef(0);
  useEffect(() => {
    if (!front || wish === wished.current) return;
    wished.current = wish;
    const frame = requestAnimationFrame(() => box.current?.focus());
    return () => cancelAnimationFrame(frame);
  }, [wish, front]);
  const keyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || composes(event.nativeEvent)) return;
    event.preventDefault();
    card.composer.send();
  };
  return (
    <div className="composer">
      <textarea
        ref={box}
        className="composer-box"
        aria-label={words.card.message}
        placeholder={words.card.placeholder}
        dir="auto"
        rows={2}
        value={card.composer.draft.value}
        disabled={!open}
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
