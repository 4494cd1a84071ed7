import { freePorts } from "./backends.ts";
import type { Desk } from "./desk.ts";
import type { Server } from "./server.ts";
import type { Stage } from "./stage.ts";
import { Talk } from "./talk.ts";
import { UdpProxy } from "./udp-proxy.ts";
import type { Visitor } from "./visitor.ts";

/** Two who write as fast as they can, over DataChannels that can be cut in silence. What crosses their wires is kept. */
export interface Cuttable {
  readonly proxy: UdpProxy;
  readonly server: Server;
  readonly visitor: Visitor;
  readonly anna: Desk;
  readonly talk: Talk;
  /** How many transports of a kind are open now. */
  readonly open: (transport: "ws" | "dc") => Promise<number>;
  /** How many messages have come by a transport. */
  readonly posts: (transport: "ws" | "dc") => Promise<number>;
}

/** Sets it up; the two have not met yet. */
export async function cuttable(stage: Stage): Promise<Cuttable> {
  const [port = 0] = await freePorts(1);
  const proxy = stage.keep(await UdpProxy.open(port));
  const server = await stage.server({
    settings: {
      "webrtc.udp_address": `127.0.0.1:${port}`,
      "webrtc.tcp_address": "",
      "webrtc.advertise": proxy.address,
      "limits.messages_per_minute_per_visitor": "6000",
    },
  });
  const [visitor, anna] = await Promise.all([stage.visitor("visitor", { wire: true }), stage.desk("anna", { wire: true })]);
  return {
    proxy, server, visitor, anna,
    talk: new Talk(visitor, anna),
    open: (transport) => server.metric("parlour_transports_open", { transport }),
    posts: (transport) => server.metric("parlour_frames_total", { transport, direction: "up", kind: "chat.post" }),
  };
}
