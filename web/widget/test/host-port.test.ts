import { describe, expect, test } from "vitest";
import { HostPort, type Embedded } from "../src/panel/host-port.ts";

describe("the port (S4)", () => {
  test("is taken only from our parent window and only from an origin of the site", async () => {
    const parent = {};
    let listener: (event: MessageEvent<unknown>) => void = () => undefined;
    const window: Embedded = { parent, addEventListener: (_type, l) => (listener = l) };
    const heard: unknown[] = [];
    new HostPort(window, ["https://shop.example"], (m) => heard.push(m), new AbortController().signal);
    const offer = async (source: unknown, origin: string, data: unknown): Promise<unknown[]> => {
      const { port1, port2 } = new MessageChannel();
      // A port keeps the order: what was answered comes before the fence.
      const answers: unknown[] = [];
      const fenced = new Promise<void>((resolve) => {
        port1.onmessage = (event: MessageEvent<unknown>) => (event.data === "fence" ? resolve() : void answers.push(event.data));
      });
      listener({ source, origin, data, ports: [port2] } as unknown as MessageEvent<unknown>);
      port2.postMessage("fence");
      await fenced;
      port1.close();
      port2.close();
      return answers;
    };
    const hello = { parlour: "port" };
    expect(await offer(parent, "https://evil.example", hello)).toEqual([]);
    expect(await offer(parent, "https://shop.example.evil.example", hello)).toEqual([]);
    expect(await offer({}, "https://shop.example", hello)).toEqual([]);
    expect(await offer(parent, "https://shop.example", { other: 1 })).toEqual([]);
    expect(await offer(parent, "https://shop.example", hello)).toEqual([{ kind: "ready" }]);
  });
});
