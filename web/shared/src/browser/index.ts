export { systemClock, watchPage, type PageEvents } from "./system-clock.ts";
export { webSockets } from "./web-socket.ts";
export { dataChannels } from "./data-channels.ts";
export { CallLeg, slotOf, type CallLegOptions, type LegState } from "./call-leg.ts";
export { browserDevices, isProblem, type DeviceProblem, type Devices, type DeviceState } from "./devices.ts";
export { pool } from "./offer.ts";
