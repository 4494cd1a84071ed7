import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { bind, type Command } from "../commands/command.ts";
import { keysInWords } from "../browser/keys.ts";
import { observed } from "./observed.ts";

interface Props<T> {
  readonly command: Command<T>;
  readonly target: T | undefined;
  readonly icon?: ReactNode;
  /** Only the sign is shown; the name is read aloud and shown on hover. */
  readonly small?: boolean;
  /** Not shown at all while it cannot be done. */
  readonly hides?: boolean;
  readonly look?: "filled" | "light" | "default" | "subtle" | "outline";
  readonly color?: string;
  readonly onDone?: () => void;
  /** Says what it is done to, where the same name stands beside others; only read aloud. */
  readonly about?: string;
  /** Why it cannot be pressed, shown on hover. */
  readonly hint?: string;
}

/** A button that is a view of a command: its name, its keys, and whether it can be pressed. */
export const ActionButton = observed(function ActionButton<T>(props: Props<T>) {
  const action = bind(props.command, props.target);
  const [pressed, setPressed] = useState(false); // what was pressed needs no explaining until the pointer comes again
  if (props.hides && !action.enabled) return null;
  const label = action.shortcut === undefined ? action.name : `${action.name} (${keysInWords(action.shortcut)})`;
  const press = () => {
    setPressed(true);
    action.run();
    props.onDone?.();
  };
  const spoken = props.about === undefined ? action.name : `${action.name}: ${props.about}`;
  const enter = () => setPressed(false);
  const look = { variant: props.look ?? "default", ...(props.color === undefined ? {} : { color: props.color }) };
  const button = props.small ? (
    <ActionIcon {...look} size={34} aria-label={spoken} disabled={!action.enabled} onClick={press} onPointerEnter={enter}>
      {props.icon}
    </ActionIcon>
  ) : (
    <Button
      {...look}
      size="xs"
      h={34}
      leftSection={props.icon}
      aria-label={props.about === undefined ? undefined : spoken}
      title={props.hint}
      disabled={!action.enabled}
      onClick={press}
      onPointerEnter={enter}
    >
      {action.name}
    </Button>
  );
  if (!props.small && action.shortcut === undefined) return button;
  return (
    <Tooltip label={label} disabled={pressed} position="bottom" openDelay={400} withinPortal={false} floatingStrategy="fixed" events={{ hover: true, focus: false, touch: false }}>
      {button}
    </Tooltip>
  );
}) as <T>(props: Props<T>) => ReactNode;
