import { useSignals } from "@preact/signals-react/runtime";
import { createContext, useContext, type FunctionComponent, type ReactNode } from "react";
import type { Desk } from "../models/desk.ts";

/** Makes a component that is drawn again when a signal changes that it has read while it was drawn. */
export function observed<P extends object>(render: (props: P) => ReactNode): FunctionComponent<P> {
  function Observed(props: P): ReactNode {
    const store = useSignals(1);
    try {
      return render(props);
    } finally {
      store.f();
    }
  }
  Observed.displayName = render.name;
  return Observed;
}

/** The desk that the views show. */
export const DeskContext = createContext<Desk | undefined>(undefined);

/** The desk; only below its provider. */
export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === undefined) throw new Error("a view of the desk outside of the desk");
  return desk;
}
