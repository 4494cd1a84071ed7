import type { Entry, Media, OfferKind, PrincipalKind } from "../../shared/src/protocol.gen.ts";
import { team, waiting, why } from "./catalogue-routing.ts";

/** Minutes and seconds, "2:57"; from an hour on "1:02:57". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${String(h)}:${two(m)}:${two(s)}` : `${String(m)}:${two(s)}`;
}

const medium = (media: Media | undefined) => (media === "video" ? "video call" : "audio call");
const side = (by: PrincipalKind | undefined) => (by === "visitor" ? "The visitor" : by === "agent" ? "The agent" : "Parlour");

/** Reasons that the server gives; the agent's own are shown as they were chosen. */
const reasons: Readonly<Record<string, string>> = {
  no_answer: "No answer",
  signed_out: "Signed out",
  connection_lost: "Connection lost",
  password_changed: "Password changed",
  agent_disabled: "Account disabled",
  no_right: "No right to answer",
  rejected: "Rejected an offer",
  forced: "Set by a supervisor",
  break: "Break",
  lunch: "Lunch",
  meeting: "Meeting",
  paperwork: "Paperwork",
};

const outcomes: Readonly<Record<string, string>> = {
  rejected: "rejected it",
  timed_out: "did not answer",
  rescinded: "was not needed any more",
  agent_full: "had no room any more",
};

/** Why a conversation went back to its queue, where that is more than a colleague's choice. */
const returns: Readonly<Record<string, string>> = {
  connection_lost: ": its agent has lost the connection",
  signed_out: ": its agent has signed out",
  password_changed: ": its agent has to sign in again",
  agent_disabled: ": its agent is not here any more",
  no_right: ": its agent may not answer any more",
};

const losses: Readonly<Record<string, string>> = {
  lost: ": a connection was lost",
  node_lost: ": the server that carried it was lost",
  failed_setup: ": it could not be connected",
};

const refusals: Readonly<Record<string, string>> = {
  missing: "No camera or microphone was found.",
  refused: "The browser did not allow the camera or microphone.",
  device: "The camera or microphone could not be used.",
  person: "The answer was no.",
};

/** What a colleague asks for. */
const requests: Readonly<Record<string, string>> = { transfer: "Transfer", invite: "Invitation", consult: "Enquiry" };
/** What a visitor asks for. */
const media: Readonly<Record<string, string>> = { chat: "Web chat", audio: "Audio", video: "Video" };

const noted = (note: string | undefined) => (note ? ` Note: ${note}` : "");

/** What a system entry says, with the workspace's names of its reasons. A kind that this version does not know says its name and nothing more. */
function entry(e: Entry, reasonOf: (key: string) => string | undefined = () => undefined): string {
  const b = e.body;
  const name = b.name ?? "An agent";
  const time = b.seconds === undefined ? "" : ` It took ${duration(b.seconds * 1000)}.`;
  switch (e.kind) {
    case "message":
      return b.text ?? "";
    case "asked":
      return b.queue ? `Request taken for ${b.queue}.` : "Request taken.";
    case "offered":
      return `Offered to ${name}.`;
    case "offer_ended":
      return `${name} ${outcomes[b.cause ?? ""] ?? "no longer has the offer"}.`;
    case "joined":
      return `${name} joined.`;
    case "parked":
      return `${name} parked the conversation.`;
    case "resumed":
      return `${name} is back.`;
    case "requeued":
      return `The conversation went back to the queue${returns[b.cause ?? ""] ?? ""}.`;
    case "left_queue":
      return "The visitor left while waiting.";
    case "ended":
      return b.name ? `${b.name} ended the conversation.` : `${side(b.by)} ended the conversation.`;
    case "cleared":
      return `${name} cleared the card.`;
    case "call_asked":
      return `${side(b.by)} asked for a ${medium(b.media)}.`;
    case "call_allowed":
      return `${side(b.by)} allowed the ${medium(b.media)}.`;
    case "call_refused":
      return `${side(b.by)} did not take the ${medium(b.media)}. ${refusals[b.cause ?? ""] ?? ""}`.trim();
    case "call_ended":
      if (b.cause === "unanswered") return `The question for the ${medium(b.media)} was not answered.`;
      return `The ${medium(b.media)} ended${losses[b.cause ?? ""] ?? ""}.${time}`;
    case "cobrowse_asked":
      return `${name} asked to see the visitor's page.`;
    case "cobrowse_allowed":
      return `The visitor shares the page with ${name}.`;
    case "cobrowse_refused":
      return "The visitor does not share the page.";
    case "cobrowse_ended":
      if (b.cause === "unanswered") return "The question to see the page was not answered.";
      return `Page sharing ended${b.cause === "page_gone" ? ": the visitor's page was closed" : ""}.${time}`;
    case "transfer_asked":
      return `${name} asked ${b.to ?? "a colleague"} to take over.${noted(b.note)}`;
    case "invited":
      return `${name} invited ${b.to ?? "a colleague"}.${noted(b.note)}`;
    case "consult_asked":
      return `${name} enquired of ${b.to ?? "a colleague"}.${noted(b.note)}`;
    case "request_ended":
      return team.refused({ kind: b.what ?? "transfer", to: b.to ?? "a colleague", cause: b.cause ?? "" }, reasonOf(b.cause ?? ""));
    case "transferred":
      return `${name} took the conversation over.`;
    case "left":
      return `${name} left the conversation.`;
    case "owner_changed":
      return `${name} owns the conversation now.`;
    case "missed":
      return "A message was left for later.";
    case "reply_overdue":
      return `The first reply of ${name} is overdue.`;
    case "waiting_for_owner":
      return `The visitor wrote and waits for ${name}.`;
    case "overflowed":
      return "More agents are asked now.";
    default:
      return String(e.kind satisfies never);
  }
}

/** Every word the desk shows. One object per language; views and models read this one only. */
export const words = {
  product: "Parlour",
  signIn: {
    title: "Sign in to Parlour",
    email: "E-mail",
    password: "Password",
    submit: "Sign in",
    wrong: "E-mail or password is not right. Check both, and whether Caps Lock is on.",
    unreachable: "The server cannot be reached. Check your network and try again.",
    tooMany: "Too many tries. Wait a minute, then try again.",
    failed: "The server could not sign you in. Try again in a moment.",
    missing: "Fill in both e-mail and password.",
    ended: "Your session has ended. Sign in again: nothing is lost.",
    starting: "Opening the desk",
  },
  state: {
    offline: "Offline",
    notReady: (reason: string | undefined) => (reason ? `Not ready (${reason})` : "Not ready"),
    pending: (label: string) => `${label}, then not ready`,
    ready: (total: number) => `Ready (0 of ${String(total)})`,
    busy: (used: number, total: number) => `Busy (${String(used)} of ${String(total)})`,
    /** A call can fill an agent whose number of conversations does not. */
    full: (used: number, total: number) => (used < total ? `Full (${String(used)} open)` : `Full (${String(used)} of ${String(total)})`),
    wrapUp: "Wrap-up",
    group: "Taking new conversations",
    readySwitch: "Ready",
    pauseSwitch: "Pause",
    pauseReason: "Reason for the pause",
    noAnswer: "An offer rang out, so you get no new ones. Choose Ready to go on.",
    connectionLost: "Your desk was away, so you get no new offers. Choose Ready to go on.",
  },
  reason: (reason: string) => reasons[reason] ?? reason,
  pauseReasons: ["break", "lunch", "meeting", "paperwork"] as const,
  connection: {
    idle: "Not connected",
    connecting: "Connecting",
    live: "Connected",
    reconnecting: "Reconnecting",
    offline: "Offline: what you send waits here",
    refused: "The server refused the connection",
    closed: "Disconnected",
    ws: "by WebSocket",
    dc: "by DataChannel",
  },
  inbox: {
    title: "Conversations",
    running: "Running",
    parked: "Parked",
    queues: "Queues",
    none: "No conversations yet",
    noneReady: "You are ready. The next one rings here.",
    nonePaused: "Choose Ready to get conversations.",
    noQueues: "Your profile holds no queue. Ask your administrator.",
    waiting: (n: number) => (n === 1 ? "1 waiting" : `${String(n)} waiting`),
    oldest: (time: string) => `longest ${time}`,
    unread: (n: number) => (n === 1 ? "1 unread message" : `${String(n)} unread messages`),
    since: (time: string) => `Running for ${time}`,
    yourTurn: (time: string) => `Your turn for ${time}`,
    wrap: "Wrap-up",
    back: "Conversations",
  },
  /** Who gave no name is told apart by the end of the conversation's id. */
  visitor: (name: string | undefined, conversation: string) => (name === undefined || name === "" ? `Visitor ${conversation.slice(-4)}` : name),
  offer: {
    title: (kind: OfferKind | undefined, medium: string) => requests[kind ?? ""] ?? media[medium] ?? "Web chat",
    call: (kind: OfferKind | undefined, medium: string) => {
      if ((requests[kind ?? ""] ?? "") !== "" || (medium !== "audio" && medium !== "video")) return "";
      return medium === "video" ? "Accept takes the video call, with your camera and microphone." : "Accept takes the audio call, with your microphone.";
    },
    wants: (name: string, queue: string) => `${name} asks in ${queue}`,
    site: "Site",
    queue: "Queue",
    name: "Name",
    first: "First message",
    left: (seconds: number) => `${String(seconds)} s left`,
    waited: (time: string) => `Q ${time}`,
    waitedInWords: (time: string) => `Waited ${time} in the queue`,
    accept: "Accept",
    open: "Open",
    reject: "Reject",
    rejectReason: "Reject with a reason",
    more: (n: number) => (n === 1 ? "1 more offer" : `${String(n)} more offers`),
    noRoom: "You have no room: park or end one, then accept.",
    gone: "The offer has ended. The conversation goes to another agent.",
    announced: (title: string, name: string, queue: string) => `${title} offered: ${name}, ${queue}`,
    from: "From",
    note: "Note",
    lastAgent: "Last agent",
    takenBy: (name: string) => `Taken by ${name}`,
  },
  rejectReasons: [
    { key: "busy", name: "Too busy" },
    { key: "skill", name: "Not my subject" },
    { key: "language", name: "Not my language" },
  ] as const,
  card: {
    empty: "Empty card",
    emptyHint: "The next conversation opens here.",
    verified: "Verified: the site has signed this name",
    reach: { here: "On the page", reconnecting: "Reconnecting", away: "Away" },
    started: (time: string) => `Running ${time}`,
    yourTurn: (time: string) => `Your turn ${time}`,
    log: (name: string) => `Conversation with ${name}`,
    message: "Message",
    placeholder: "Write a message",
    tooLong: (over: number): string => (over === 1 ? "1 character too many. Send it in parts." : `${over} characters too many. Send it in parts.`),
    send: "Send",
    park: "Park",
    resume: "Resume",
    audio: "Start audio",
    video: "Start video",
    cobrowse: "Co-browse",
    end: "End",
    endKeep: "Go on",
    clear: "Clear card",
    more: "More",
    wrap: (time: string) => `Wrap-up: ${time} left`,
    wrapNoLimit: "Wrap-up",
    ended: "The conversation has ended. Clear the card to free your slot.",
    parked: "Parked. The visitor has been told. Resume to go on.",
    typing: (name: string) => `${name} is typing`,
    you: "You",
    stored: "Stored, not delivered yet",
    delivered: "Delivered",
    read: "Read",
    sending: "Sending",
    failed: "Not sent",
    resend: "Resend",
    edit: "Edit",
    dismiss: "Dismiss",
    newMessage: (name: string, text: string) => `${name}: ${text}`,
    loading: "Loading the conversation",
    private: "Seen by agents only",
    close: "Close this card",
    toolbar: "Conversation actions",
  },
  call: {
    panel: "Call",
    asked: (media: Media) => `Waiting for the visitor to allow the ${medium(media)}`,
    incoming: (name: string, media: Media) => `${name} asks for a ${medium(media)}`,
    accept: "Accept",
    decline: "Decline",
    cancel: "Cancel",
    mute: "Mute",
    unmute: "Unmute",
    cameraOff: "Camera off",
    cameraOn: "Camera on",
    hangUp: "Hang up",
    connecting: "Connecting the call",
    self: "Your own picture",
    remote: (name: string) => `Picture of ${name}`,
    noPicture: (name: string) => `${name} shows no picture`,
    muted: (name: string) => `${name} is muted`,
    away: (name: string) => `${name} is reconnecting`,
    other: "This call runs in another tab of yours.",
    here: "Take the call here",
    microphone: {
      off: "",
      on: "",
      asking: "Allow the microphone in the browser's question.",
      refused: "The browser does not allow the microphone. Allow it by the sign in the address bar, then press Unmute. The chat goes on.",
      missing: "No microphone was found. Connect one, then press Unmute. The chat goes on.",
      busy: "Another program holds the microphone. Close it, then press Unmute. The chat goes on.",
      unsupported: "This browser gives no microphone here. The chat goes on.",
    },
    camera: {
      off: "",
      on: "",
      asking: "Allow the camera in the browser's question.",
      refused: "The browser does not allow the camera. The call goes on without your picture. Allow it by the sign in the address bar, then press Camera on.",
      missing: "No camera was found. The call goes on without your picture.",
      busy: "Another program holds the camera. Close it, then press Camera on. The call goes on without your picture.",
      unsupported: "This browser gives no camera here. The call goes on without your picture.",
    },
    lost: "The call is being connected again",
    failed: "The call could not be connected. The chat goes on.",
    playSound: "Play sound",
  },
  cobrowse: {
    panel: "Co-browsing",
    asked: "Waiting for the visitor to allow co-browsing",
    waiting: "Waiting for the visitor's page",
    changing: "The visitor is changing page",
    frame: "The visitor's page",
    stop: "Stop",
    cancel: "Cancel",
    running: (time: string) => `Co-browsing ${time}`,
  },
  sound: {
    blocked: "Your browser blocks sound. You will not hear offers.",
    enable: "Turn sound on",
    notifications: "Show a notification on the desktop when an offer comes?",
    allow: "Allow notifications",
    later: "Not now",
  },
  title: (offers: number, unread: number, offer: string) => {
    if (offers > 0) return `(${String(offers + unread)}) ${offer}!`;
    return unread > 0 ? `(${String(unread)}) Parlour` : "Parlour";
  },
  commands: {
    palette: "Command palette",
    paletteFind: "Find a command",
    paletteNone: "No command of this name can be used now",
    shortcuts: "Shortcuts",
    newCard: "New card",
    cardToSide: "Card to a side of its own",
    cardToTabs: "Card among the other tabs",
    nextCard: "Next card",
    previousCard: "Previous card",
    signOut: "Sign out",
    close: "Close",
    ready: "Ready",
    pause: "Pause",
    pauseFor: (reason: string) => `Pause: ${reason}`,
    afterThese: "After these conversations",
    profiles: "Profile",
    profile: (name: string) => `Profile: ${name}`,
    profileLater: "To change the profile, pause first or finish your conversations.",
    autoAccept: "Accept by itself",
    menu: "Account",
    unavailable: "not possible now",
  },
  leaving: {
    title: "Sign out?",
    open: (n: number) => (n === 1 ? "You have one open conversation." : `You have ${String(n)} open conversations.`),
    what: "What is open goes back to the head of its queue, calls and co-browsing end, and the visitors are told. Signed in elsewhere too, you keep it there.",
    better: "To get no new work and finish what is open, choose Pause instead.",
    stay: "Stay",
    go: "Sign out",
  },
  failed: (message: string) => message,
  failure: {
    title: "That did not work",
    offline: "There is no connection. It is tried again by itself.",
    view: "A part of the desk could not be loaded. Check your network and reload the page: nothing is lost.",
    noAnswer: "The server could not answer. Try again in a moment.",
    reload: "Reload",
  },
  waiting,
  team,
  why,
  entry,
} as const;
