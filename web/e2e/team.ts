import { TeamDesk } from "./desk-team.ts";
import { until } from "./driver/index.ts";
import type { Server } from "./server.ts";
import type { Stage } from "./stage.ts";

/** The name of the third agent: as long as names are. */
export const longName = "Maximiliane-Konstantine von und zu Hohenlohe-Schillingsfürst";

/** The queues of the story; those who ask come into the one that is put first. */
export type Queue = "sales" | "support" | "returns" | "urgent";

const queues: readonly Queue[] = ["sales", "support", "returns", "urgent"];

/**
 * The workspace: Sales rings long enough for a machine that is busy, Support so briefly that nobody need wait long for nobody
 * to answer. Offers ring a minute at Ben and the third agent whatever the queue says. The third agent has room for one.
 */
function workspace(shop: string, first: Queue): string {
  return `
workspace: {key: default, name: "Birch & Kettle"}
settings:
  pause_reasons: [{key: break, name: Break}, {key: lunch, name: Lunch}]
  reject_reasons: [{key: busy, name: Too busy}, {key: subject, name: Not my subject}]
queues:
  - {key: sales, name: Sales, offer_seconds: 60, sticky_seconds: 0, wrap_up_seconds: 0}
  - {key: support, name: Support, offer_seconds: 4, sticky_seconds: 0, wrap_up_seconds: 0}
  - {key: returns, name: Returns, mode: pull, pull_seconds: 600, sticky_seconds: 0, wrap_up_seconds: 0}
  - {key: urgent, name: Urgent, mode: ring_all, offer_seconds: 60, sticky_seconds: 0, wrap_up_seconds: 0}
sites:
  - key: demo
    name: "Birch & Kettle, ${first}"
    origins: ["${shop}"]
    queues: [${[first, ...queues.filter((one) => one !== first)].join(", ")}]
    color: "#0b6e4f"
profiles:
  - {name: Everything, queues: [${queues.join(", ")}], media: [chat, audio, video, cobrowse]}
roles:
  - {name: agent, permissions: [desk, call.start, cobrowse.start]}
agents:
  - {email: anna@demo.test, name: Anna, role: agent, profile: Everything, max_chats: 4, auto_accept: true}
  - {email: ben@demo.test, name: Ben, role: agent, profile: Everything, max_chats: 4, offer_seconds: 60}
  - {email: sam@demo.test, name: "${longName}", role: agent, profile: Everything, max_chats: 1, offer_seconds: 60}
`;
}

/** Three agents at their desks, none ready, and the server that they work with. */
export class Team {
  readonly server: Server;
  readonly anna: TeamDesk;
  readonly ben: TeamDesk;
  readonly max: TeamDesk;
  #first: Queue | undefined;

  private constructor(server: Server, [anna, ben, max]: readonly [TeamDesk, TeamDesk, TeamDesk]) {
    this.server = server;
    this.anna = anna;
    this.ben = ben;
    this.max = max;
  }

  /** Starts the server, with Sales first, and seats the three. */
  static async gather(stage: Stage): Promise<Team> {
    // Right after a start no offer would ring out, and none would come to who has just had one.
    const server = await stage.server({ settings: { "routing.ramp_up": "0s", "routing.restart_amnesty": "0s" } });
    const pages = await Promise.all(["anna", "ben", "max"].map((who) => stage.page(who)));
    const [anna, ben, max] = pages.map((page) => new TeamDesk(page));
    if (anna === undefined || ben === undefined || max === undefined) throw new Error("three pages were opened, and are not there");
    const team = new Team(server, [anna, ben, max]);
    await team.asksCome("sales");
    await Promise.all([anna.signIn(server.sign(0)), ben.signIn(server.sign(1)), max.signIn(server.sign(2))]);
    return team;
  }

  /** Lets whoever asks from now on come into that queue, and waits until it is so. */
  async asksCome(first: Queue): Promise<void> {
    if (this.#first === first) return;
    this.#first = first;
    await this.server.apply(workspace(new URL(this.server.shop).origin, first));
    await until(`the site takes asks into ${first}`, async () => {
      const status = (await (await fetch(`${this.server.origin}/w/demo/status`)).json()) as { name: string };
      return status.name.endsWith(first);
    });
  }
}
