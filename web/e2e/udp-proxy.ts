import { createSocket, type RemoteInfo, type Socket } from "node:dgram";

/** Binds a UDP socket to a loopback port; 0 takes a free one. */
async function bound(port = 0): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, "127.0.0.1", () => {
      socket.off("error", reject);
      resolve();
    });
  });
  socket.on("error", () => undefined); // a port that answers "unreachable" while the server is down is a lost packet
  return socket;
}

/**
 * Stands between browsers and a server's UDP port and can be cut: then every packet is lost, both ways, without a word.
 * Each client has a socket of its own towards the server, as behind a NAT.
 */
export class UdpProxy {
  readonly #front: Socket;
  readonly #target: number;
  readonly #backs = new Map<string, Promise<Socket>>();
  #lost: "nothing" | "down" | "both" = "nothing";
  /** Packets carried, and packets lost by cuts, since the start. */
  carried = 0;
  lost = 0;

  private constructor(front: Socket, target: number) {
    this.#front = front;
    this.#target = target;
    front.on("message", (packet, from) => { void this.#up(packet, from); });
  }

  /** Listens on a free loopback port for packets to the target port. */
  static async open(target: number): Promise<UdpProxy> {
    return new UdpProxy(await bound(), target);
  }

  /** What the server shall put into its candidates. */
  get address(): string {
    return `127.0.0.1:${this.#front.address().port}`;
  }

  /** Loses every packet from now on; "down" only those to the browsers, so that what they send still has its effect. */
  cut(way: "down" | "both" = "both"): void {
    this.#lost = way;
  }

  heal(): void {
    this.#lost = "nothing";
  }

  async close(): Promise<void> {
    for (const back of await Promise.all(this.#backs.values())) back.close();
    await new Promise<void>((resolve) => { this.#front.close(resolve); });
  }

  #passes(way: "up" | "down"): boolean {
    const passes = this.#lost === "nothing" || (this.#lost === "down" && way === "up");
    if (passes) this.carried += 1;
    else this.lost += 1;
    return passes;
  }

  async #up(packet: Buffer, from: RemoteInfo): Promise<void> {
    if (!this.#passes("up")) return;
    const key = `${from.address}:${from.port}`;
    let back = this.#backs.get(key);
    if (back === undefined) {
      back = bound();
      this.#backs.set(key, back);
      (await back).on("message", (answer) => {
        if (this.#passes("down")) this.#front.send(answer, from.port, from.address);
      });
    }
    (await back).send(packet, this.#target, "127.0.0.1");
  }
}
