import { effect, untracked } from "@preact/signals-core";
import { DockviewReact, type DockviewApi, type DockviewReadyEvent, type IDockviewHeaderActionsProps, type IDockviewPanelHeaderProps, type IDockviewPanelProps } from "dockview-react";
import "dockview-react/dist/styles/dockview.css";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { words } from "../catalogue.ts";
import { newCard } from "../commands/desk.ts";
import type { Desk } from "../models/desk.ts";
import { layouts } from "../browser/storage.ts";
import { ActionButton } from "./action-button.tsx";
import { CardView, EmptyCard } from "./card.tsx";
import { observed, useDesk } from "./observed.ts";

function cardAt(desk: Desk, id: string) {
  const conversation = desk.places.places.value.find((p) => p.id === id)?.conversation;
  return desk.cards.value.find((card) => card.conversation === conversation);
}

/** A card's name and what is unread in it, as the tab is read aloud. */
function titleOf(desk: Desk, id: string): string {
  const card = cardAt(desk, id);
  if (card === undefined) return words.card.empty;
  return card.unread.value === 0 ? card.name.value : `${card.name.value} ${words.inbox.unread(card.unread.value)}`;
}

const Panel = observed(function Panel({ api }: IDockviewPanelProps) {
  const card = cardAt(useDesk(), api.id);
  return card === undefined ? <EmptyCard /> : <CardView key={card.conversation} card={card} />;
});

/** A card's tab. A running conversation is not closed by a tab: it is ended, and cleared. */
const Tab = observed(function Tab({ api }: IDockviewPanelHeaderProps) {
  const desk = useDesk();
  const card = cardAt(desk, api.id);
  const closable = card === undefined && desk.places.places.value.length > 1;
  const unread = card?.unread.value ?? 0;
  return (
    <span className="tab">
      <span className="tab-name" dir="auto">
        {card?.name.value ?? words.card.empty}
      </span>{" "}
      {unread > 0 && (
        <span className="count" title={words.inbox.unread(unread)}>
          {unread}
        </span>
      )}
      {closable && (
        <span className="tab-close" title={words.card.close} onPointerDown={(event) => event.stopPropagation()} onClick={() => desk.places.close(api.id)}>
          <IconX size={14} aria-hidden />
        </span>
      )}
    </span>
  );
});

/** After the tabs of the cards in front: one card more. */
const TabsEnd = observed(function TabsEnd({ isGroupActive }: IDockviewHeaderActionsProps) {
  const desk = useDesk();
  if (!isGroupActive) return null;
  return (
    <span className="tabs-end">
      <ActionButton command={newCard} target={desk} small look="subtle" color="gray" icon={<IconPlus size={16} aria-hidden />} />
    </span>
  );
});

/** Does by keys what dragging does: a card to a side of its own, or among the tabs of the next group. */
function place(api: DockviewApi, desk: Desk): void {
  const wish = desk.places.moving.value;
  const panel = wish && api.getPanel(wish.place);
  desk.places.moving.value = undefined;
  if (wish === undefined || panel === undefined) return;
  const at = api.groups.indexOf(panel.group);
  const other = api.groups[at === 0 ? 1 : at - 1];
  if (wish.to === "side") {
    if (panel.group.panels.length > 1) panel.api.moveTo({ group: panel.group, position: "right" });
  } else if (other !== undefined) panel.api.moveTo({ group: other, position: "center" });
  panel.api.setActive();
}

const components = { card: Panel };
const theme = { name: "parlour", className: "dockview-theme-parlour", gap: 6 };

/** Keeps dock and places the same, in both directions, until the returned function is called. */
function keepSame(api: DockviewApi, desk: Desk, save: () => void): () => void {
  const { places } = desk;
  let applying = false;
  const apply = (): void => {
    applying = true;
    const wanted = places.places.value;
    for (const panel of [...api.panels]) if (!wanted.some((p) => p.id === panel.id)) api.removePanel(panel);
    for (const { id } of wanted) {
      if (api.getPanel(id) === undefined) api.addPanel({ id, component: "card", title: words.card.empty, inactive: id !== places.front.value });
    }
    const front = api.getPanel(places.front.value);
    if (front !== undefined && api.activePanel !== front) front.api.setActive();
    for (const { id } of wanted) api.getPanel(id)?.api.setTitle(titleOf(desk, id));
    applying = false;
  };
  const stops = [
    effect(apply),
    effect(() => place(api, desk)),
    ...[
      api.onDidActivePanelChange(() => {
        const id = api.activePanel?.id;
        if (!applying && id !== undefined) untracked(() => id !== places.front.value && places.shown(id));
      }),
      api.onDidRemovePanel((panel) => {
        if (!applying) places.close(panel.id);
      }),
      api.onDidLayoutChange(save),
    ].map((it) => () => it.dispose()),
  ];
  return () => stops.forEach((stop) => stop());
}

function restore(api: DockviewApi, desk: Desk, saved: unknown): void {
  if (typeof saved !== "object" || saved === null || !("dock" in saved)) return;
  try {
    api.fromJSON(saved.dock as Parameters<DockviewApi["fromJSON"]>[0]);
    const known = new Set(desk.places.places.peek().map((p) => p.id));
    for (const panel of [...api.panels]) if (!known.has(panel.id)) api.removePanel(panel);
  } catch {
    api.clear(); // of another version: the cards are laid out afresh
  }
}

/** The cards, placed freely by mouse or keys; the layout is kept per agent. */
export const Dock = observed(function Dock({ agent }: { agent: string }) {
  const desk = useDesk();
  const stop = useRef<() => void>(undefined);
  useEffect(() => () => stop.current?.(), []);
  const ready = ({ api }: DockviewReadyEvent) => {
    restore(api, desk, layouts.load(agent));
    stop.current = keepSame(api, desk, () => {
      if (api.panels.length > 0) layouts.save(agent, { places: desk.places.places.peek(), dock: api.toJSON() });
    });
  };
  return (
    <DockviewReact
      className="dock"
      theme={theme}
      components={components}
      defaultTabComponent={Tab}
      leftHeaderActionsComponent={TabsEnd}
      onReady={ready}
      disableFloatingGroups
      announcements={false}
    />
  );
});
