import type { Candidate, Decision, PastOffer, Reason, RequestItem, RequestKind, SiteReason, TargetQueue, Why } from "../../shared/src/protocol.gen.ts";

const moment = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const span = (ms: number) => (ms < 60_000 ? `${String(Math.round(ms / 1000))} s` : `${String(Math.round(ms / 60_000))} min`);

/** Why an agent cannot be asked, or was not. */
const reasons: Readonly<Record<Reason, string>> = {
  not_ready: "not ready",
  away: "no desk open",
  queue: "does not work for this queue",
  medium: "does not take this kind of contact",
  skill: "lacks a skill that is needed",
  full: "no room left",
  spare: "too little room would be left",
  video: "already has a video call",
  ringing: "another offer rings",
  resting: "was asked a moment ago",
  excluded: "was asked for this one, or is in it",
  sticky: "the last agent is asked first",
};

const queueReasons: Readonly<Record<SiteReason, string>> = { closed: "closed", nobody: "nobody is there", full: "too many wait", slow: "the wait would be too long" };

/** Why a request came to nothing; the reasons of a reject are shown as the workspace calls them. */
const ends: Readonly<Record<string, string>> = {
  timed_out: "did not answer",
  expired: "nobody took it in time",
  agent_stale: "the desk could not be reached",
  agent_not_ready: "is not ready any more",
  agent_full: "had no room any more",
  sender_gone: "who asked is not here any more",
  left: "who asked has left",
  visitor_left: "the visitor had left",
  conversation_ended: "the conversation had ended",
};

/** Why an offer was taken back, where that is not since it was not needed any more. */
const takenBack: Readonly<Record<string, string>> = {
  agent_full: "had no room any more",
  agent_stale: "could not be reached",
  agent_not_ready: "was not ready any more",
  visitor_left: "the visitor left",
};

const rules: Readonly<Record<string, string>> = {
  sticky: "had this visitor last",
  skill: "has the best skills for it",
  capable: "leaves those free who can do more",
  load: "has the least to do",
  longest: "has waited longest for the next one",
  hash: "by lot among equals",
  only: "was the only one who could",
};

const rangeOf = (low: number | undefined, high: number | undefined) =>
  low && high ? `, about ${String(Math.ceil(low / 60_000))} to ${String(Math.ceil(high / 60_000))} min` : "";

/** Words of the waiting list. */
export const waiting = {
  title: "Waiting list",
  none: "Nobody waits here.",
  pick: "Pick",
  pickFirst: "Pick the first who waits",
  next: "Next",
  since: (time: string) => `waits ${time}`,
  refused: (name: string, why: string) => `${name}: ${why}`,
  notFirst: "Another one has waited longer. You may pick only the first.",
  delayed: "assignment delayed",
  bare: "nobody is ready",
  closed: "closed",
  allAsked: "all were asked",
} as const;

/** Words of transfer, invitation and enquiry. */
export const team = {
  transfer: "Transfer",
  invite: "Invite",
  enquire: "Enquire",
  leave: "Leave",
  what: {
    transfer: "A colleague takes this conversation over. It stays yours until somebody accepts.",
    invite: "A colleague comes into this conversation too.",
    enquire: "Ask a colleague about it. The visitor sees nothing of it.",
  },
  agents: "Agents",
  queues: "Queues",
  find: "Find a colleague or a queue",
  none: "There is nobody to ask.",
  nothingFound: "Nobody of this name.",
  loading: "Looking who is there",
  outdated: "Who is there cannot be looked up just now. This is how it was.",
  sendsLater: "The server cannot be reached. It is asked as soon as it can be, even if you close this.",
  agent: (name: string, label: string) => `${name}, ${label}`,
  queue: (q: TargetQueue) => `${q.name}, ${q.open ? `${String(q.ready)} ready, ${String(q.waiting)} waiting${rangeOf(q.lowMs, q.highMs)}` : "closed"}`,
  unable: (reason: Reason | undefined) => (reason && reasons[reason]) ?? "cannot be asked now",
  queueUnable: (reason: SiteReason | undefined) => (reason && queueReasons[reason]) ?? "cannot be asked now",
  note: "Note",
  noteHint: "Only colleagues see it.",
  leaveAtOnce: "Leave at once",
  cancel: "Back",
  waiting: (kind: RequestKind, to: string) => `${team.request[kind]} to ${to}: waiting`,
  request: { transfer: "Transfer", invite: "Invitation", consult: "Enquiry" } as const,
  cancelRequest: "Cancel request",
  /** How a request ended that nobody took, the same beside the card and in the record. `reason` is what the workspace calls its cause. */
  refused: ({ kind, to, cause }: Pick<RequestItem, "kind" | "to" | "cause">, reason: string | undefined) => {
    const it = `${team.request[kind]} to ${to}`;
    if (reason !== undefined) return `${it} was refused: ${reason}.`;
    if (cause === "withdrawn") return `${it} was taken back.`;
    if (!cause || cause === "rejected") return `${it} was refused.`;
    return `${it}: ${ends[cause] ?? cause}.`;
  },
  present: "In this conversation:",
  owner: (name: string) => `${name} (owner)`,
  consult: (name: string) => `Enquiry: ${name}`,
  consultHint: "Only colleagues read this. The visitor sees nothing of it.",
  endEnquiry: "End enquiry",
  toParent: "Go to the conversation",
  leaveTitle: "Leave this conversation?",
  leaveWhat: "Nobody else is in it. It can go back to the queue, at its old place, or end.",
  leaveQueue: "Back to the queue",
  leaveEnd: "End",
  over: "over capacity",
  callOver: "This call takes you over your capacity. Nothing new comes until you are below it.",
  replyDue: (time: string) => `First reply due ${time}`,
  replyOverdue: "First reply overdue",
  waitsForYou: "Waiting for you",
} as const;

/** How a conversation ended. */
const outcomes: Readonly<Record<string, string>> = {
  ended: "The conversation has ended.",
  missed: "A message was left.",
  abandoned: "The visitor left while waiting.",
  abandoned_short: "The visitor left soon after asking.",
  abandoned_offered: "The visitor left while an agent was asked.",
};

/** Why a message was left. */
const missed: Readonly<Record<string, string>> = {
  choice: "A message was left instead of waiting.",
  hours: "A message was left: it was closed.",
  size: "A message was left: too many were waiting.",
  max_wait: "A message was left: the wait was too long.",
};

/** Words of "Why?" (ROUTE-12). */
export const why = {
  command: "Why?",
  mine: "Why? (me)",
  title: (name: string) => `Why? ${name}`,
  loading: "Reading what was decided",
  none: "Nothing has been decided yet.",
  again: "Read again",
  older: "Show older",
  decisions: "Decisions",
  verdicts: "While it waited",
  offers: "Offers",
  candidate: "Candidate",
  reason: "Reason",
  able: "could take it",
  time: (at: number) => moment.format(at),
  decision: (d: Decision) => {
    const name = d.chosenName ?? "an agent";
    const rule = rules[d.rule ?? ""];
    const where = [d.position ? `place ${String(d.position)}` : "", d.waited ? `waited ${span(d.waited)}` : ""].filter((t) => t !== "").join(", ");
    const after = where === "" ? "" : ` (${where})`;
    if (d.what === "offered") return `${d.queue}: offered to ${name}${rule === undefined ? "" : `, who ${rule === rules["hash"] ? "was chosen by lot among equals" : rule}`}${after}.`;
    if (d.what === "picked") return `${d.queue}: picked by ${name}${after}.`;
    if (d.what === "requested") return `${d.queue}: ${name} was asked for${after}.`;
    return `${d.queue}: nobody could take it${after}.`;
  },
  next: (d: Decision) => {
    const at = d.nextAt ? moment.format(d.nextAt) : "";
    switch (d.next) {
      case "rings_until":
        return `It was to ring until ${at}.`;
      case "slot_frees":
        return "It goes on as soon as somebody has room.";
      case "round_at":
        return `All are asked again at ${at}.`;
      case "step_at":
        return `More agents may be asked at ${at}.`;
      case "visitor_back":
        return "It goes on when the visitor is back.";
      case "picks":
        return "It waits to be picked.";
      default:
        return "";
    }
  },
  /** Empty while it goes on. */
  outcome: (w: Why) => missed[w.missed ?? ""] ?? outcomes[w.outcome ?? ""] ?? "",
  candidateReason: (c: Candidate) => {
    const load = c.load === undefined ? "" : ` (load ${String(c.load)} of 100)`;
    return `${c.reason === undefined ? why.able : (reasons[c.reason] ?? c.reason)}${load}`;
  },
  further: (n: number, reason: string) => `${String(n)} more: ${reasons[reason as Reason] ?? reason}`,
  offer: (o: PastOffer, because?: string) => {
    const said: Readonly<Record<string, string>> = {
      accepted: "accepted",
      rejected: "rejected it",
      timed_out: "did not answer",
      rescinded: takenBack[o.cause ?? ""] ?? "it was not needed any more",
      failed_setup: "accepted, and the call could not be connected,",
    };
    const end = o.outcome === undefined ? "rings now" : (said[o.outcome] ?? o.outcome);
    return `${o.name}: ${end}${o.ringMs === undefined ? "" : ` after ${span(o.ringMs)}`}${because === undefined ? "" : ` (${because})`}.`;
  },
} as const;
