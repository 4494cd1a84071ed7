export { systemClock, watchPage } from "./system-clock.ts";
export { webSockets } from "./web-socket.ts";
export { dataChannels } from "./data-channels.ts";
