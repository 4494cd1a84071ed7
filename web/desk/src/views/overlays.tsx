import { Button, CloseButton, Kbd, Modal, Table, TextInput } from "@mantine/core";
import { useState, type KeyboardEvent } from "react";
import { keysInWords } from "../browser/keys.ts";
import { words } from "../catalogue.ts";
import type { Action } from "../commands/command.ts";
import { actions } from "../commands/desk.ts";
import { observed, useDesk } from "./observed.ts";

function Palette({ all, close }: { all: readonly Action[]; close: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const wanted = text.trim().toLocaleLowerCase();
  const found = all.filter((a) => a.enabled && a.name.toLocaleLowerCase().includes(wanted));
  const chosen = found[Math.min(at, found.length - 1)];
  const run = (action: Action | undefined) => {
    if (action === undefined) return;
    close();
    action.run();
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") run(chosen);
    else if (event.key === "ArrowDown") setAt((at + 1) % Math.max(1, found.length));
    else if (event.key === "ArrowUp") setAt((at + found.length - 1) % Math.max(1, found.length));
    else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        data-autofocus
        aria-label={words.commands.paletteFind}
        placeholder={words.commands.paletteFind}
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        aria-activedescendant={chosen === undefined ? undefined : `palette-${chosen.id}`}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={keyDown}
      />
      {found.length === 0 && <p className="hint">{words.commands.paletteNone}</p>}
      <ul id="palette-list" role="listbox" aria-label={words.commands.palette} className="palette">
        {found.map((action) => (
          <li
            key={action.id}
            id={`palette-${action.id}`}
            role="option"
            aria-selected={action === chosen}
            onClick={() => run(action)}
          >
            <span>{action.name}</span>
            {action.shortcut !== undefined && <Kbd size="xs">{keysInWords(action.shortcut)}</Kbd>}
          </li>
        ))}
      </ul>
    </>
  );
}

function Shortcuts({ all }: { all: readonly Action[] }) {
  return (
    <Table>
      <Table.Tbody>
        {all.map(
          (action) =>
            action.shortcut !== undefined && (
              <Table.Tr key={action.id}>
                <Table.Th scope="row" fw={400}>
                  {action.name}
                </Table.Th>
                <Table.Td>
                  <Kbd>{keysInWords(action.shortcut)}</Kbd>
                </Table.Td>
              </Table.Tr>
            ),
        )}
      </Table.Tbody>
    </Table>
  );
}

const Leave = observed(function Leave() {
  const { leaving } = useDesk();
  return (
    <>
      <p>
        <strong>{words.leaving.open(leaving.open.value)}</strong> {words.leaving.what}
      </p>
      <p>{words.leaving.better}</p>
      <div className="overlay-foot">
        <Button variant="default" data-autofocus onClick={() => leaving.stay()}>
          {words.leaving.stay}
        </Button>
        <Button color="red" disabled={!leaving.possible.value} onClick={() => void leaving.go() /* it does not fail */}>
          {words.leaving.go}
        </Button>
      </div>
    </>
  );
});

const titles = { palette: words.commands.palette, shortcuts: words.commands.shortcuts, leaving: words.leaving.title } as const;

/** What lies over the desk: the command palette, the list of shortcuts, or the question before signing out. */
export const Overlays = observed(function Overlays() {
  const desk = useDesk();
  const which = desk.overlay.value;
  const close = () => {
    desk.overlay.value = undefined;
  };
  const all = which === undefined ? [] : actions(desk);
  return (
    <Modal
      opened={which !== undefined}
      onClose={close}
      withCloseButton={false}
      transitionProps={{ duration: 0 }}
    >
      <div className="overlay-head">
        <Modal.Title>{which !== undefined && titles[which]}</Modal.Title>
        <CloseButton aria-label={words.commands.close} onClick={close} />
      </div>
      {which === "palette" && <Palette all={all} close={close} />}
      {which === "shortcuts" && <Shortcuts all={all} />}
      {which === "leaving" && <Leave />}
    </Modal>
  );
});
