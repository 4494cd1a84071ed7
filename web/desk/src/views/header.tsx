import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconBell, IconChevronDown, IconCommand, IconDots, IconHelpCircle, IconKeyboard, IconLogout } from "@tabler/icons-react";
import { words } from "../catalogue.ts";
import { bind } from "../commands/command.ts";
import { autoAccept, chooseProfile, palette, pauseAfterThese, pauses, ready, shortcuts, signOut } from "../commands/desk.ts";
import { whyMe } from "../commands/team.ts";
import type { Desk } from "../models/desk.ts";
import { observed, useDesk } from "./observed.ts";

/** The switch between Ready and Pause, with a list of reasons. */
const ReadySwitch = observed(function ReadySwitch() {
  const { own } = useDesk();
  const all = pauses(own);
  const [plain] = all;
  if (plain === undefined) return null;
  const isReady = own.ready.value;
  const known = own.known.value;
  const pending = own.pending.value;
  const press = (pressed: boolean) => ({ variant: pressed ? "filled" : "default", "aria-pressed": pressed, disabled: !known, size: "xs", h: 34 });
  const pauseNow = () => {
    if (isReady || pending) bind(plain, own).run();
  };
  return (
    <div role="group" aria-label={words.state.group} className="ready-switch">
      <Button {...press(isReady)} color="teal" onClick={() => bind(ready, own).run()}>
        {words.state.readySwitch}
      </Button>
      <Button {...press(known && !isReady && !pending)} color="blue" onClick={pauseNow}>
        {words.state.pauseSwitch}
      </Button>
      <Menu position="bottom-end" withinPortal={false} withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <ActionIcon variant="default" size={34} aria-label={words.state.pauseReason} disabled={!known}>
            <IconChevronDown size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {all.map((command, i) => (
            <Menu.Item key={command.id} onClick={() => bind(command, own).run()}>
              {own.pauseReasons.value[i]?.name}
            </Menu.Item>
          ))}
          {own.canPend.value && <Menu.Divider />}
          {own.canPend.value && <Menu.Item onClick={() => bind(pauseAfterThese, own).run()}>{pauseAfterThese.name}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
});

const ConnectionState = observed(function ConnectionState() {
  const { feed } = useDesk();
  const state = feed.state.value;
  const way = feed.transport.value;
  const text = words.connection[state];
  return (
    <span className="connection" data-state={state} role="status" title={way === undefined ? text : `${text} ${words.connection[way]}`}>
      <span className="dot" aria-hidden />
      <span className={state === "live" ? "wide-only" : undefined}>{text}</span>
      {state === "live" && <span className="narrow-hidden-text">{text}</span>}
    </span>
  );
});

/** The bar at the top: who I am, what I am, and whether I am connected. */
export const Header = observed(function Header() {
  const desk = useDesk();
  return (
    <header className="bar">
      <h1 className="brand">{words.product}</h1>
      <span className="who">
        <strong dir="auto">{desk.own.name.value}</strong>
        <span className="label" role="status">
          {desk.own.label.value}
        </span>
      </span>
      <span className="spring" />
      <ConnectionState />
      <ReadySwitch />
      <MoreMenu desk={desk} />
    </header>
  );
});

/** Which of several profiles the agent works by, and whether offers are accepted by themselves. */
const OwnWays = observed(function OwnWays() {
  const { own } = useDesk();
  const profiles = own.profiles.value;
  const choose = (key: string) => {
    const profile = profiles.find((p) => p.key === key);
    if (profile !== undefined) bind(chooseProfile(profile), own).run();
  };
  return (
    <>
      {profiles.length > 0 && (
        <div role="group" aria-label={words.commands.profiles}>
          <Menu.Label>{words.commands.profiles}</Menu.Label>
          <Menu.RadioGroup value={own.item.value?.profile ?? null} onChange={choose}>
            {profiles.map(({ key, name }) => (
              <Menu.RadioItem key={key} value={key} disabled={!own.canChoose.value} closeMenuOnClick>
                {name}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          {!own.canChoose.value && <p className="hint">{words.commands.profileLater}</p>}
        </div>
      )}
      {own.autoAllowed.value && (
        <Menu.CheckboxItem checked={own.autoAccept.value} onChange={() => bind(autoAccept, own).run()}>
          {autoAccept.name}
        </Menu.CheckboxItem>
      )}
      {(profiles.length > 0 || own.autoAllowed.value) && <Menu.Divider />}
    </>
  );
});

function MoreMenu({ desk }: { desk: Desk }) {
  const askNotifications = typeof Notification !== "undefined" && Notification.permission === "default";
  return (
    <Menu position="bottom-end" withinPortal={false} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={34} aria-label={words.commands.menu}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown maw={280}>
        <OwnWays />
        <Menu.Item leftSection={<IconCommand size={16} aria-hidden />} onClick={() => bind(palette, desk).run()}>
          {words.commands.palette}
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={() => bind(shortcuts, desk).run()}>
          {words.commands.shortcuts}
        </Menu.Item>
        {desk.dialogs.can("why") && (
          <Menu.Item leftSection={<IconHelpCircle size={16} aria-hidden />} onClick={() => bind(whyMe, desk).run()}>
            {whyMe.name}
          </Menu.Item>
        )}
        {askNotifications && (
          <Menu.Item leftSection={<IconBell size={16} aria-hidden />} onClick={() => void Notification.requestPermission()}>
            {words.sound.allow}
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => bind(signOut, desk).run()}>
          {words.commands.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
