/** Tells people in conditions and Events what became of objects. */

import type { ApiClient } from "../kube/api-client.ts";
import { metadataOf } from "../kube/apply.ts";
import type { ClusterWorld } from "../kube/cluster-world.ts";
import type { Finding } from "../kube/conditions.ts";
import type { KubeObject } from "../kube/list-watch.ts";
import { writeStatus } from "../kube/status-writer.ts";
import { OVERLAY_LABEL } from "../model/labels.ts";
import { Announcer } from "./announcer.ts";
import type { Unapplied } from "./applier.ts";
import type { Decisions } from "./decisions.ts";
import type { Leader } from "./leader.ts";
import type { Log } from "./log.ts";
import type { Counters } from "./metrics.ts";
import { programmed } from "./programmed.ts";
import { states } from "./states.ts";

export interface ReporterOptions {
  readonly client: ApiClient;
  readonly cluster: ClusterWorld;
  /** Name of this pod. */
  readonly instance: string;
  readonly log: Log;
  readonly counters: Counters;
  readonly mayWrite: () => boolean;
}

/** What there is to tell at one moment. */
export interface Report {
  readonly decisions: Decisions;
  readonly leader: Leader;
  /** Why overlays have no master key. */
  readonly problems: ReadonlyMap<string, string>;
  readonly unapplied: readonly Unapplied[];
}

const NOT_IN_USE: Finding = {
  status: "False",
  reason: "NotInUse",
  message: "it isn't in use, as Accepted says of it or of what it belongs to: nodes keep the image that they have",
};

export class Reporter {
  readonly #announcer: Announcer;

  constructor(private readonly options: ReporterOptions) {
    const { client, instance, log, counters } = options;
    this.#announcer = new Announcer(client, instance, (reason) => {
      counters.add("sallyport_event_failures_total");
      log.trouble(`an Event can't be written: ${reason}`);
    });
  }

  /** Whether something is left to tell; fails if the server can't be reached. */
  async tell(report: Report): Promise<boolean> {
    const { cluster, client, log, counters, mayWrite } = this.options;
    if (!mayWrite()) return false;
    const { rejections } = report.decisions;
    const unwritten = await writeStatus(client, cluster.ours, rejections, new Date(), (o) => finding(o, report));
    for (const { kind, name, reason } of unwritten) {
      counters.add("sallyport_status_failures_total", { kind });
      log.trouble(`the status of ${kind} ${name} can't be written: ${reason}`);
    }
    const objects = { find: cluster.find.bind(cluster), pods: cluster.objectsOf("Pod") };
    const isMore = await this.#announcer.round(states(report.decisions, report.unapplied, objects), mayWrite);
    return isMore || unwritten.length > 0;
  }
}

function finding(object: KubeObject, report: Report): Finding | undefined {
  const { name } = metadataOf(object);
  if (object.kind === "Overlay") return overlayFinding(name, report);
  if (object.kind === "OverlayGateway") return gatewayFinding(name, report);
  return undefined;
}

function overlayFinding(name: string, { decisions, leader, problems, unapplied }: Report): Finding {
  const policy = decisions.policies.find(({ overlay }) => overlay.name === name);
  if (policy === undefined) return NOT_IN_USE;
  const own = new Set(
    decisions.world.namespaces.filter(({ labels }) => labels[OVERLAY_LABEL] === name).map(({ name }) => name),
  );
  const lacking = unapplied.filter(({ namespace }) => own.has(namespace));
  return programmed(leader.progress(policy), problems.get(name), lacking);
}

function gatewayFinding(name: string, { decisions, leader, problems }: Report): Finding {
  for (const { gateways, overlay } of decisions.policies) {
    const found = gateways.find(({ gateway }) => gateway.name === name);
    if (found !== undefined) return programmed(leader.gatewayProgress(found), problems.get(overlay.name), []);
  }
  return NOT_IN_USE;
}
