/** Whether a namespace's proxies take what they are told, and what they deny. */
import { type Json, nameOf, numberAt, textAt } from "../check/json.ts";
import { conditionOf } from "../check/overlays.ts";
import { generationOf, type RolloutCluster } from "../kube/rollout-cluster.ts";
import { deniedShare, hasImage, since, sum, type Tally, tallyOf } from "./counters.ts";
import type { Asked } from "./rollout.ts";

export interface Observed {
  readonly text: string;
  /** Connections of outsiders that enforcing would refuse. */
  readonly outsiders: number;
  /** Why the namespace must go back. */
  readonly problem?: string;
}

const PACE_MS = 1000;

export class Watch {
  /** By a pod's uid. */
  #before = new Map<string, Tally>();
  #istiodBefore: number | undefined;
  #isBegun = false;

  private constructor(
    private readonly cluster: RolloutCluster,
    private readonly asked: Asked,
  ) {}

  static async begin(cluster: RolloutCluster, asked: Asked): Promise<Watch> {
    const watch = new Watch(cluster, asked);
    await watch.rebase();
    return watch;
  }

  /** From now on: what was counted before is somebody else's. */
  async rebase(): Promise<void> {
    this.#istiodBefore = await this.cluster.istiodRejects();
    // What a proxy refused that has started since, it refused of this rollout.
    for (const [uid, tally] of await this.tallies())
      if (!this.#isBegun || this.#before.has(uid)) this.#before.set(uid, tally);
    this.#isBegun = true;
  }

  /** What isn't ready yet; undefined: all proxies have their images. */
  async pending(overlay: string): Promise<string | undefined> {
    for (const pod of await this.cluster.pods()) {
      const stats = await this.cluster.sidecarStats(nameOf(pod));
      if ("problem" in stats) return `counters of pod ${nameOf(pod)}: ${stats.problem}`;
      if (!hasImage(stats)) return `pod ${nameOf(pod)} has no image yet`;
    }
    if (!this.asked.controller) return undefined;
    const found = await this.cluster.overlay(overlay);
    const condition = conditionOf(found, "Programmed");
    const isCurrent = (numberAt(condition, "observedGeneration") ?? 0) >= generationOf(found);
    if (textAt(condition, "status") === "True" && isCurrent) return undefined;
    return textAt(condition, "message") ?? "the Overlay has no condition Programmed";
  }

  /** Why a configuration was refused since the beginning; undefined: none was, as far as one may see. */
  async refusal(): Promise<string | undefined> {
    for (const [uid, tally] of await this.tallies()) {
      const count = since(this.#before.get(uid), tally).rejected;
      if (count > 0) return `a sidecar refused its configuration (${count} updates): its log says why`;
    }
    const now = await this.cluster.istiodRejects();
    if (now === undefined || this.#istiodBefore === undefined || now <= this.#istiodBefore) return undefined;
    return `proxies refused ${now - this.#istiodBefore} configurations, says istiod: its log says which`;
  }

  /** Watches for so many seconds, unless it must end before. */
  async observe(seconds: number): Promise<Observed> {
    const begin = await this.tallies();
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const now = await this.tallies();
      const seen = sum([...now].map(([uid, tally]) => since(begin.get(uid), tally)));
      const refused = await this.refusal();
      const problem = refused ?? this.tooManyDenied(seen);
      const said = { text: observedText(seen), outsiders: seen.notTunnelledAudited };
      if (problem !== undefined) return { ...said, problem };
      if (Date.now() >= end) return said;
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    }
  }

  private tooManyDenied(seen: Tally): string | undefined {
    const share = deniedShare(seen);
    if (share <= this.asked.maxDenied) return undefined;
    return `${observedText(seen)}: more than ${percent(this.asked.maxDenied)}; the sidecars' logs name flows and rules`;
  }

  private async tallies(): Promise<Map<string, Tally>> {
    const all = await Promise.all(
      (await this.cluster.pods()).map(async (pod: Json) => {
        const stats = await this.cluster.sidecarStats(nameOf(pod));
        return "problem" in stats ? [] : [[textAt(pod, "metadata", "uid") ?? "", tallyOf(stats)] as const];
      }),
    );
    return new Map(all.flat());
  }
}

function observedText(seen: Tally): string {
  const denied = seen.sentDenied + seen.receivedDenied;
  const audited = seen.sentAudited + seen.receivedAudited;
  const flows = `${seen.sent + seen.sentDenied} flows sent, ${seen.received + seen.receivedDenied} received`;
  const would = audited > 0 ? `, ${audited} would be` : "";
  const past = [
    ...(seen.notTunnelled > 0 ? [`, ${seen.notTunnelled} connections past the tunnel refused`] : []),
    ...(seen.notTunnelledAudited > 0 ? [`, ${seen.notTunnelledAudited} past the tunnel would be`] : []),
  ].join("");
  return `${flows}, ${denied} denied${would} (${percent(deniedShare(seen))})${past}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}
