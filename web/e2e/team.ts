import { TeamDesk } from "./desk-team.ts";
import { until } from "./driver/index.ts";
import type { Server } from "./server.ts";
import type { Stage } from "./stage.ts";
import type { Visitor } from "./visitor.ts";

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

/** Three agents at their desks, none ready, two visitors before the open panel, and the server that they all are with. */
export class Team {
  readonly server: Server;
  readonly anna: TeamDesk;
  readonly ben: TeamDesk;
  readonly max: TeamDesk;
  readonly vera: Visitor;
  /** A visitor whose name is as long as names are. */
  readonly nils: Visitor;
  #first: Queue | undefined;

  private constructor(server: Server, [anna, ben, max]: readonly [TeamDesk, TeamDesk, TeamDesk], [vera, nils]: readonly [Visitor, Visitor]) {
    this.server = server;
    this.anna = anna;
    this.ben = ben;
    this.max = max;
    this.vera = vera;
    this.nils = nils;
  }

  /** Starts the server, with Sales first, seats the three, and brings the visitors. */
  static async gather(stage: Stage): Promise<Team> {
    const desk = async (who: string): Promise<TeamDesk> => new TeamDesk(await stage.page(who));
    const [server, anna, ben, max, vera, nils] = await Promise.all([
      // Right after a start no offer would ring out, and none would come to who has just had one.
      stage.server({ settings: { "routing.ramp_up": "0s", "routing.restart_amnesty": "0s" } }),
      desk("anna"), desk("ben"), desk("max"), stage.visitor("vera"), stage.visitor("nils"),
    ]);
    const team = new Team(server, [anna, ben, max], [vera, nils]);
    await team.asksCome("sales");
    await Promise.all([anna, ben, max].map((one, n) => one.signIn(server.sign(n))));
    await Promise.all([vera.come(server.shop, "Vera Lindqvist"), nils.come(server.shop, longName)]);
    return team;
  }

  /** Lets several press at the same moment: the server hears of none of them before all have. */
  async atOnce(...presses: readonly (() => Promise<void>)[]): Promise<void> {
    process.kill(this.server.pid, "SIGSTOP");
    try {
      for (const press of presses) await press();
    } finally {
      process.kill(this.server.pid, "SIGCONT");
    }
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
