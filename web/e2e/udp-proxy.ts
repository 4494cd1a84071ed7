import { createSocket, type RemoteInfo, type Socket } from "node:dgram";

/** Bind a UDP socket to a loopback port; 0 takes a free one. */
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
  #isCut = false;
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

  cut(): void {
    this.#isCut = true;
  }

  heal(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    for (const back of await Promise.all(this.#backs.values())) back.close();
    await new Promise<void>((resolve) => { this.#front.close(resolve); });
  }

  #passes(): boolean {
    if (this.#isCut) this.lost += 1;
    else this.carried += 1;
    return !this.#isCut;
  }

  async #up(packet: Buffer, from: RemoteInfo): Promise<void> {
    if (!this.#passes()) return;
    const key = `${from.address}:${from.port}`;
    let back = this.#backs.get(key);
    if (back === undefined) {
      back = bound();
      this.#backs.set(key, back);
      (await back).on("message", (answer) => {
        if (this.#passes()) this.#front.send(answer, from.port, from.address);
      });
    }
    (await back).send(packet, this.#target, "127.0.0.1");
  }
}
