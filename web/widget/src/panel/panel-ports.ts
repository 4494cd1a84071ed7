import type { Clock, ConversationItem, SessionOptions } from "../../../shared/src/index.ts";
import type { FromPanel } from "../port.ts";
import type { Bootstrap } from "./bootstrap.ts";
import type { NewLeg } from "./call-model.ts";
import type { Rest } from "./rest.ts";
import type { Place, VisitorStore } from "./visitor-store.ts";

/** Where the visitor stands. */
export type Phase = "loading" | "first" | "asking" | "waiting" | "active" | "ended";

/** What the panel needs of its page. */
export interface PanelPorts {
  readonly bootstrap: Bootstrap;
  readonly clock: Clock;
  readonly rest: Rest;
  readonly store: VisitorStore;
  /** The panel's own storage; undefined where it is refused. */
  readonly ownPlace: Place | undefined;
  readonly tell: (message: FromPanel) => void;
  readonly transports: Pick<SessionOptions, "dialSocket" | "dialChannels">;
  /** Left out where the browser has no WebRTC, or is kept from it: then there are no calls, and chat goes by WebSocket. */
  readonly newLeg: NewLeg | undefined;
}

/** Whether a conversation is over; its agent may still have it for wrap-up. */
export function ended(it: ConversationItem): boolean {
  return it.state === "ended" || it.state === "closed";
}
