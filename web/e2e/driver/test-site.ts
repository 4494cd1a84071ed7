import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What a path is answered with. */
export type Answers = Readonly<Record<string, string | { readonly body: string; readonly headers: Readonly<Record<string, string>> }>>;

/** Pages for tests on one free loopback port: the same port is `shop` (127.0.0.1) and `other` (localhost), two sites. */
export class TestSite {
  readonly #server: Server;
  readonly shop: string;
  readonly other: string;

  private constructor(server: Server) {
    this.#server = server;
    // A listening TCP server's address is never a string or null.
    const { port } = server.address() as AddressInfo;
    this.shop = `http://127.0.0.1:${port}`;
    this.other = `http://localhost:${port}`;
  }

  /** Serves the pages; `%SHOP%` and `%OTHER%` in them stand for the two origins. Unknown paths get 404. */
  static async open(answers: Answers): Promise<TestSite> {
    const server = createServer((request, response) => {
      const answer = answers[new URL(request.url ?? "/", "http://localhost").pathname];
      if (answer === undefined) {
        response.writeHead(404).end();
        return;
      }
      const { body, headers } = typeof answer === "string" ? { body: answer, headers: {} } : answer;
      response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...headers });
      response.end(body.replaceAll("%SHOP%", site.shop).replaceAll("%OTHER%", site.other));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const site = new TestSite(server);
    return site;
  }

  /** Stops serving and cuts what is open. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
