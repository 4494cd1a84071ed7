import { describe, expect, test } from "vitest";

import { until } from "../driver/index.ts";
import { makeMedia } from "../media.ts";
import { Stage } from "../stage.ts";
import { Talk } from "../talk.ts";

// VIS-2, CALL-3: a network that blocks UDP.
describe("with the UDP port closed", () => {
  const stage = new Stage("tcp");

  test("DataChannels and a call go by TCP", { timeout: 120_000 }, async () => {
    const red = makeMedia("red", 440);
    const blue = makeMedia("blue", 880);
    const server = await stage.server({ settings: { "webrtc.udp_address": "" } });
    const [visitor, anna] = await Promise.all([
      stage.visitor("visitor", { camera: red.camera, microphone: red.microphone }),
      stage.desk("anna", { camera: blue.camera, microphone: blue.microphone }),
    ]);

    await new Talk(visitor, anna).begin(server);
    await until("both are on DataChannels", async () => (await server.metric("parlour_transports_open", { transport: "dc" })) === 2 && (await server.metric("parlour_transports_open", { transport: "ws" })) === 0);
    await anna.send("Yes, three kinds.");
    await visitor.sees("Yes, three kinds.");
    expect(await server.metric("parlour_frames_total", { transport: "dc", direction: "up", kind: "chat.post" })).toBeGreaterThanOrEqual(1);

    await anna.startVideo();
    await visitor.allow();
    await visitor.seesAndHears("blue", 880);
    await anna.seesAndHears("red", 440);
    await visitor.page.screenshot("call-visitor");
    await anna.page.screenshot("call-desk");
  });
});
