import type { Entry } from "../../../shared/src/index.ts";
import { strings, systemLines as lines } from "../strings.ts";

function duration(seconds: number): string {
  const pad = (n: number): string => String(n).padStart(2, "0");
  return seconds > 0 ? `${Math.floor(seconds / 60)}:${pad(seconds % 60)}` : "";
}

/** The sentence for an entry that is not a message; empty for what a visitor is not told. */
export function systemLine({ kind, body }: Entry): string {
  const name = body.name ?? strings.agent;
  switch (kind) {
    case "asked":
    case "left_queue":
    case "missed":
    case "call_allowed":
    case "call_refused":
    case "cobrowse_asked":
    case "cobrowse_allowed":
    case "cobrowse_refused":
      return lines[kind];
    case "requeued":
      return lines.requeued(body.cause, body.name);
    case "cobrowse_ended":
      return lines.cobrowse_ended(body.cause);
    case "joined":
    case "parked":
    case "resumed":
    case "transferred":
    case "left":
      return lines[kind](name);
    case "ended":
      return lines.ended(body.by);
    case "call_asked":
      return lines.call_asked(body.media === "video");
    case "call_ended":
      return lines.call_ended(duration(body.seconds ?? 0), body.cause);
    case "message":
    case "offered":
    case "offer_ended":
    case "cleared":
    case "transfer_asked":
    case "invited":
    case "consult_asked":
    case "request_ended":
    case "owner_changed":
    case "reply_overdue":
    case "waiting_for_owner":
    case "overflowed":
      return "";
    default:
      kind satisfies never; // a kind of a newer server is passed over
      return "";
  }
}
