import { words } from "../catalogue.ts";
import type { Call } from "../models/call.ts";
import type { Command } from "./command.ts";

export const takeCall: Command<Call> = {
  id: "call.accept",
  name: words.call.accept,
  guard: (call) => call.canAnswer.value,
  run: (call) => call.answer(true),
};

export const declineCall: Command<Call> = {
  id: "call.decline",
  name: words.call.decline,
  guard: (call) => call.canAnswer.value,
  run: (call) => call.answer(false),
};

export const mute: Command<Call> = {
  id: "call.mute",
  name: words.call.mute,
  shortcut: "Alt+KeyM",
  guard: (call) => call.leg.value?.microphone.value === "on",
  run: (call) => call.leg.value?.setMicrophone(false),
};

export const unmute: Command<Call> = {
  id: "call.unmute",
  name: words.call.unmute,
  shortcut: "Alt+KeyM",
  guard: (call) => call.canUnmute.value,
  run: (call) => call.leg.value?.setMicrophone(true),
};

export const cameraOff: Command<Call> = {
  id: "call.camera_off",
  name: words.call.cameraOff,
  shortcut: "Alt+KeyV",
  guard: (call) => call.leg.value?.camera.value === "on",
  run: (call) => call.leg.value?.setCamera(false),
};

export const cameraOn: Command<Call> = {
  id: "call.camera_on",
  name: words.call.cameraOn,
  shortcut: "Alt+KeyV",
  guard: (call) => call.canShow.value,
  run: (call) => call.leg.value?.setCamera(true),
};

export const hangUp: Command<Call> = {
  id: "call.hang_up",
  name: words.call.hangUp,
  shortcut: "Alt+KeyH",
  guard: (call) => call.phase.value === "here" || call.phase.value === "elsewhere",
  run: (call) => call.hangUp(),
};

export const cancelCall: Command<Call> = {
  id: "call.cancel",
  name: words.call.cancel,
  guard: (call) => call.phase.value === "asking",
  run: (call) => call.hangUp(),
};

export const takeHere: Command<Call> = {
  id: "call.here",
  name: words.call.here,
  guard: (call) => call.phase.value === "elsewhere",
  run: (call) => call.takeHere(),
};

export const callCommands: readonly Command<Call>[] = [
  takeCall,
  declineCall,
  mute,
  unmute,
  cameraOff,
  cameraOn,
  hangUp,
  cancelCall,
  takeHere,
];
