/** Every word that the widget shows to a visitor, in English. */
export const loaderStrings = {
  launcher: "Chat with us",
  inCall: "In a call",
  unreachable: "The chat cannot be reached.",
  close: "Close",
  panelTitle: "Chat",
  question: "There is a question for you in the chat.",
  unread: (n: number): string => (n === 1 ? "1 new message" : `${n} new messages`),
  sharing: (agent: string): string => `${agent} can see this page.`,
  watchers: (n: number): string => (n === 0 ? "Nobody is watching now." : n === 1 ? "1 person is watching." : `${n} people are watching.`),
  stopSharing: "Stop sharing",
  sharingRegion: "Page sharing",
  sharingEnded: "Sharing has ended.",
} as const;

/** Names of a conversation's marks, in words. */
const marks = { stored: "Sent", delivered: "Delivered", read: "Read", sending: "Sending", failed: "Not sent" } as const;

/** How long something takes, in whole minutes. */
const minutes = ({ low, high }: { low: number; high: number }): string => (low === high ? `${low} ${low === 1 ? "minute" : "minutes"}` : `${low} to ${high} minutes`);

/** The panel's words. */
export const strings = {
  title: "Chat with us",
  greeting: "Hello! How can we help?",
  awayGreeting: "Nobody is at the desk right now. Write to us, and we answer as soon as somebody is back.",
  /** Why a conversation cannot be had now, and that a message can be left. `opens` ends a sentence, or is empty; `wait` where it is known. */
  messageReason: {
    closed: (opens: string): string => `We are closed right now.${opens ? ` We open ${opens}.` : ""} Leave us a message, and we get back to you.`,
    nobody: (): string => "Nobody is at the desk right now. Leave us a message, and we get back to you.",
    full: (_: string, wait?: { low: number; high: number }): string =>
      `Too many people are waiting right now${wait ? `: it would take about ${minutes(wait)}` : ""}. Leave us a message, and we get back to you.`,
    slow: (_: string, wait?: { low: number; high: number }): string =>
      `You would have to wait ${wait ? `about ${minutes(wait)}` : "long"} right now. Leave us a message, and we get back to you.`,
  },
  leaveMessage: "Leave a message",
  leaveMessageInstead: "Leave a message instead",
  leaveMessageSend: "Leave message",
  leaveMessageAdd: "What you wrote so far is kept. You can add to it, and you give up your place in line.",
  email: "E-mail",
  emailOptional: "E-mail (optional)",
  backToChat: "Chat instead",
  keepWaiting: "Keep waiting",
  thanks: "Thank you. Your message has been kept, and we get back to you.",
  message: "Message",
  placeholder: "Write a message",
  send: "Send",
  name: "Your name (optional)",
  closePanel: "Close chat window",
  leave: "Leave queue",
  end: "End chat",
  endSure: "End this chat?",
  endYes: "Yes, end it",
  endNo: "Keep chatting",
  startNew: "Start a new chat",
  ended: "This chat has ended.",
  asking: "Sending your message …",
  waiting: "You are waiting for an agent.",
  position: (n: number): string => (n === 1 ? "You are next in line" : `You are number ${n} in line`),
  estimate: (wait: { low: number; high: number }): string => `About ${minutes(wait)}`,
  whyBehind: {
    goes_first: "Somebody who was already talking with us goes first.",
    came_back: "Somebody who asked before you has come back.",
  },
  chatOnly: (video: boolean): string => (video ? "Nobody who can do video is free right now." : "Nobody who can do calls is free right now."),
  chatNow: "Chat now",
  /** What a visitor says who asks for a call without a word. */
  callWanted: (video: boolean): string => (video ? "I would like a video call." : "I would like an audio call."),
  waitingForCall: (video: boolean): string =>
    video ? "When somebody answers, your browser asks for your camera and microphone." : "When somebody answers, your browser asks for your microphone.",
  away: (agent: string): string => `${agent} has lost the connection and is coming back.`,
  parked: (agent: string): string => `${agent} will be back with you soon.`,
  with: (agent: string): string => `You are talking to ${agent}`,
  connection: {
    connecting: "Connecting …",
    reconnecting: "Connection lost. Coming back …",
    offline: "You are offline. What you write is kept and sent later.",
    refused: "The chat cannot be used now.",
  },
  unreachable: "The chat cannot be reached. Please check your connection and try again.",
  marks,
  resend: "Resend",
  edit: "Edit",
  tooLong: (over: number): string => (over === 1 ? "1 character too many. Please send it in parts." : `${over} characters too many. Please send it in parts.`),
  remove: "Remove",
  typing: (name: string): string => `${name} is typing …`,
  you: "You",
  agent: "Agent",
  conversation: "Conversation",
  start: { audio: "Start audio", video: "Start video" },
  allow: "Allow",
  refuse: "Don't allow",
  stands: (seconds: number): string => `You can answer for ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`,
  callAsked: (name: string, video: boolean): string => (video ? `${name} would like to start a video call.` : `${name} would like to start an audio call.`),
  callExplained: (video: boolean): string =>
    video
      ? "If you allow it, your browser asks for your camera and microphone. The chat goes on beside the call."
      : "If you allow it, your browser asks for your microphone. The chat goes on beside the call.",
  callRequest: "Call request",
  callAsking: (video: boolean): string => (video ? "Asking for a video call …" : "Asking for an audio call …"),
  cancel: "Cancel",
  call: "Call",
  callConnecting: "Connecting the call …",
  callLost: "The call is coming back …",
  callFailed: "The call could not be connected. The chat goes on.",
  noCalls: "This browser cannot have calls, so the call was not taken. The chat goes on.",
  callElsewhere: "The call is not in this tab.",
  bringHere: "Bring it here",
  noPicture: (name: string): string => `${name} shows no picture`,
  partyAway: (name: string): string => `${name} is connecting …`,
  partyVideo: (name: string): string => `${name}'s video`,
  selfView: "Your camera",
  mute: "Mute",
  unmute: "Unmute",
  cameraOff: "Turn camera off",
  cameraOn: "Turn camera on",
  hangUp: "Hang up",
  muted: "muted",
  enableSound: "Turn on sound",
  microphone: {
    refused: "Your microphone is not allowed. You can allow it in your browser's address bar; the chat goes on.",
    missing: "No microphone was found. The chat goes on.",
    busy: "Your microphone is used by another program. The chat goes on.",
    unsupported: "This browser cannot use a microphone here. The chat goes on.",
  },
  camera: {
    refused: "Your camera is not allowed. You can allow it in your browser's address bar; the chat goes on.",
    missing: "No camera was found. The chat goes on.",
    busy: "Your camera is used by another program. The chat goes on.",
    unsupported: "This browser cannot use a camera here. The chat goes on.",
  },
  shareRequest: "Page sharing request",
  shareAsked: (name: string): string => `${name} would like to see this page with you.`,
  shareExplained: "They see the pages of this site as you see them, until you stop. What you type into fields, passwords and card numbers stay hidden. Nothing is recorded.",
  sharing: (name: string): string => `${name} can see this page`,
  sharingElsewhere: (name: string): string => `${name} can see your other tab`,
  stopSharing: "Stop sharing",
  shareFailed: "This page does not let itself be shared. The chat goes on.",
  newMessages: "New messages",
} as const;

/** Lines of the record that are not messages; each reader's words for a code and its parameters. */
export const systemLines = {
  asked: "Your message has reached us. Somebody will be with you soon.",
  joined: (name: string): string => `${name} has joined the chat.`,
  parked: (name: string): string => `${name} will be back soon.`,
  resumed: (name: string): string => `${name} is back.`,
  requeued: (cause: string | undefined, name: string | undefined): string =>
    cause === "signed_out" && name !== undefined
      ? `${name} has signed out. You are back in line, and the next agent who is free takes over.`
      : "You are back in line and keep your place.",
  left_queue: "You left the line.",
  transferred: (name: string): string => `You are now talking to ${name}.`,
  left: (name: string): string => `${name} has left the chat.`,
  missed: "Your message has been kept. We will get back to you.",
  ended: (by: string | undefined): string => (by === "visitor" ? "You ended the chat." : by === "agent" ? "The agent ended the chat." : "The chat has ended."),
  call_asked: (video: boolean): string => (video ? "Video call requested." : "Audio call requested."),
  call_allowed: "Call started.",
  call_refused: "The call was declined.",
  call_ended: (time: string, cause: string | undefined): string =>
    cause === "unanswered"
      ? "The call was not answered."
      : cause === "failed_setup"
        ? "The call could not be connected. The chat goes on."
        : cause === "lost" || cause === "node_lost"
          ? "The call ended: its connection was lost."
          : time
            ? `Call ended after ${time}.`
            : "Call ended.",
  cobrowse_asked: "Page sharing requested.",
  cobrowse_allowed: "Page sharing started.",
  cobrowse_refused: "Page sharing was declined.",
  cobrowse_ended: (cause: string | undefined): string =>
    cause === "unanswered"
      ? "The question to share the page was not answered."
      : cause === "page_gone"
        ? "Page sharing ended: the shared page was closed."
        : "Page sharing ended.",
} as const;
