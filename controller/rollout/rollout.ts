/** One namespace on its way into an overlay, or out of it. Each step can be done again: what is so already stays. */
import { check } from "../check/check.ts";
import { annotationOf, type Json, labelOf, textAt } from "../check/json.ts";
import { workloadOf } from "../check/opted-in.ts";
import type { Terminal } from "../cli/terminal.ts";
import { gatherFacts, wantedOf } from "../kube/check-facts.ts";
import type { RolloutCluster } from "../kube/rollout-cluster.ts";
import { OVERLAY_LABEL } from "../model/labels.ts";
import type { World } from "../model/resources.ts";
import { changeOf } from "./before-after.ts";
import { BEFORE_OPT_IN, type Blocker, blockersOf } from "./blockers.ts";
import { changeText } from "./change-text.ts";
import { complaintsAbout } from "./istio-opinion.ts";
import { type Memory, memoryOf, memoryText, ROLLOUT_ANNOTATION } from "./memory.ts";
import { rulesHeld } from "./rules-held.ts";
import { Watch } from "./watch.ts";

export type Outcome = "done" | "rolled-back" | "stopped" | "declined";

export interface Asked {
  readonly overlay?: string;
  readonly audit?: boolean;
  readonly restart?: boolean;
  readonly controller: boolean;
  readonly istioctl: string;
  readonly revision?: string;
  /** Seconds. */
  readonly timeout: number;
  readonly observe: number;
  /** 0 to 1. */
  readonly maxDenied: number;
}

export interface Tell {
  readonly terminal: Terminal;
  readonly confirm: (question: string) => Promise<boolean>;
}

/** A step failed: the sentence says why. Before the label nothing needs to be undone. */
class Failure extends Error {}

const WIDTH = 10;
/** Between two looks at what is waited for. */
const PACE_MS = 1000;

export class Rollout {
  constructor(
    private readonly cluster: RolloutCluster,
    private readonly asked: Asked,
    private readonly tell: Tell,
  ) {}

  async join(): Promise<Outcome> {
    const home = await this.home();
    if (home === undefined) return "stopped";
    const overlay = await this.overlayFor(home);
    if (overlay === undefined) return "stopped";
    const known = memoryOf(annotationOf(home, ROLLOUT_ANNOTATION));
    if (known !== undefined) this.say("resume", `a rollout began at ${known.since}: it goes on`);
    const world = await this.cluster.worldIn(overlay);
    if (!(await this.mayJoin(world, overlay, home))) return "stopped";
    this.show(world, overlay);
    const question = `Bring namespace ${this.cluster.namespace} into overlay ${overlay}?`;
    if (known === undefined && !(await this.tell.confirm(question))) return "declined";
    const memory = known ?? (await this.remember("join", home, overlay));
    try {
      await this.bringIn(world, overlay);
      await this.forget();
      this.say("done", `namespace ${this.cluster.namespace} is in overlay ${overlay}`);
      return "done";
    } catch (error) {
      this.fail((error as Error).message);
      return this.back(memory, overlay);
    }
  }

  async leave(): Promise<Outcome> {
    const home = await this.home();
    if (home === undefined) return "stopped";
    const overlay = labelOf(home, OVERLAY_LABEL);
    const known = memoryOf(annotationOf(home, ROLLOUT_ANNOTATION));
    if (overlay === undefined && known?.kind !== "leave" && (await this.cluster.ours()).length === 0) {
      this.say("done", `namespace ${this.cluster.namespace} isn't opted in, and nothing of ours is in it`);
      return "done";
    }
    const question = `Take namespace ${this.cluster.namespace} out? Everybody in the mesh can then reach its pods.`;
    if (known?.kind !== "leave" && !(await this.tell.confirm(question))) return "declined";
    const memory = known?.kind === "leave" ? known : await this.remember("leave", home, overlay);
    try {
      await this.takeOut(memory);
      await this.forget();
      this.say("done", `namespace ${this.cluster.namespace} has left, and nothing of ours remains in it`);
      return "done";
    } catch (error) {
      this.fail(`${(error as Error).message}; run it again to go on`);
      return "stopped";
    }
  }

  private async home(): Promise<Json | undefined> {
    const home = await this.cluster.home();
    if (home === undefined) this.fail(`there is no Namespace ${this.cluster.namespace}`);
    return home;
  }

  private async overlayFor(home: Json): Promise<string | undefined> {
    const names = await this.cluster.namesOf("Overlay");
    const name = this.asked.overlay ?? labelOf(home, OVERLAY_LABEL) ?? (names.length === 1 ? names[0] : undefined);
    if (name === undefined) this.fail(`which Overlay? say --overlay ${names.join(" or ") || "NAME, and create it"}`);
    else if (!names.includes(name)) this.fail(`there is no Overlay ${name}; there is ${names.join(", ") || "none"}`);
    else return name;
    return undefined;
  }

  private async mayJoin(world: World, overlay: string, home: Json): Promise<boolean> {
    const blockers = await this.blockers(overlay, BEFORE_OPT_IN);
    if (blockers.length > 0) {
      for (const { check, text } of blockers) this.fail(`${check}: ${text}`);
      return false;
    }
    this.say("check", "no errors");
    const other = labelOf(home, OVERLAY_LABEL);
    if (other !== undefined && other !== overlay) {
      this.fail(`the namespace is in overlay ${other}: run sallyport rollout ${this.cluster.namespace} --leave first`);
      return false;
    }
    const neighbours = await this.cluster.neighbours(overlay);
    const enforces = textAt(await this.cluster.overlay(overlay), "spec", "enforcement") !== "Audit";
    if (this.asked.audit && enforces && neighbours.length > 0) {
      this.fail(
        `--audit would open overlay ${overlay} for ${neighbours.join(", ")} too: leave it out, or use an Overlay of its own`,
      );
      return false;
    }
    return this.isValid(world, home);
  }

  private async isValid(world: World, home: Json): Promise<boolean> {
    const objects = wantedOf(world, this.cluster.mesh, this.cluster.namespace);
    const revision = this.asked.revision ?? labelOf(home, "istio.io/rev");
    const complaints = await complaintsAbout(objects, this.asked.istioctl, revision);
    for (const complaint of complaints) this.fail(`istioctl: ${complaint}`);
    if (complaints.length === 0) this.say("validate", `istioctl has nothing against ${objects.length} objects`);
    return complaints.length === 0;
  }

  /** Errors of `check`, but for those of `ignored`. */
  private async blockers(overlay: string, ignored: ReadonlySet<string>): Promise<Blocker[]> {
    const { client, mesh, namespace } = this.cluster;
    const facts = await gatherFacts(client, mesh, { namespace, asIn: overlay }, new Date());
    return blockersOf(check(facts), ignored, this.asked.controller);
  }

  private show(world: World, overlay: string): void {
    const { controlNamespace, istioNamespace, dnsNamespace } = this.cluster.mesh;
    const infrastructure = [controlNamespace, istioNamespace, dnsNamespace];
    const change = changeOf(world, overlay, this.cluster.namespace, infrastructure);
    for (const line of changeText(change, overlay, this.tell.terminal)) this.tell.terminal.out(line);
  }

  private async remember(kind: Memory["kind"], home: Json, overlay: string | undefined): Promise<Memory> {
    const label = labelOf(home, OVERLAY_LABEL);
    const found = overlay === undefined ? undefined : await this.cluster.overlay(overlay);
    const enforcement = textAt(found, "spec", "enforcement") === "Audit" ? "Audit" : "Enforce";
    const memory = {
      since: new Date().toISOString(),
      kind,
      enforcement,
      ...(label !== undefined && { label }),
    } as const;
    await this.cluster.mark({ annotations: { [ROLLOUT_ANNOTATION]: memoryText(memory) } });
    return memory;
  }

  private async forget(): Promise<void> {
    await this.cluster.mark({ annotations: { [ROLLOUT_ANNOTATION]: null } });
  }

  private async bringIn(world: World, overlay: string): Promise<void> {
    const watch = await Watch.begin(this.cluster, this.asked);
    if (this.asked.audit) {
      await this.cluster.enforce(overlay, "Audit");
      this.say("audit", `Overlay ${overlay} audits: policy denies nothing`);
    }
    await this.cluster.mark({ labels: { [OVERLAY_LABEL]: overlay } });
    if (!this.asked.controller) await this.cluster.apply(wantedOf(world, this.cluster.mesh, this.cluster.namespace));
    await this.placed(overlay);
    this.say("label", `${OVERLAY_LABEL}=${overlay}, and its objects are in place`);
    await this.restarted(overlay);
    await watch.rebase();
    await this.acknowledged(watch, overlay);
    await this.observed(watch, this.asked.audit === true);
    if (!this.asked.audit) return;
    await this.cluster.enforce(overlay, "Enforce");
    this.say("promote", `Overlay ${overlay} enforces`);
    await this.acknowledged(watch, overlay);
    await this.observed(watch, false);
  }

  private async placed(overlay: string): Promise<void> {
    const isThere = async () => (await this.only(overlay, "emitted")).length === 0;
    await this.wait(
      isThere,
      "the namespace's objects are in place",
      "the controller doesn't apply them: look at its log",
    );
  }

  /** Errors of one check. */
  private async only(overlay: string, id: string): Promise<Blocker[]> {
    const all = await this.blockers(overlay, new Set());
    return all.filter(({ check }) => check === id);
  }

  private async restarted(overlay: string): Promise<void> {
    const stale = async () => {
      const blockers = await this.blockers(overlay, new Set());
      const found = blockers.filter(({ check }) => check === "restart" || check === "sidecar");
      return found.map(({ object }) => object.slice(object.indexOf("/") + 1));
    };
    const first = await stale();
    await this.restart(first);
    const isDone = async () => (await stale()).length === 0 && (await this.areBack(first));
    await this.wait(isDone, "pods have started again", "restart them as the lines above say");
    this.say("restart", "every pod started with redirect and guard");
  }

  /** Between its old pod's end and its new pod's beginning a workload has none. */
  private async areBack(workloads: readonly string[]): Promise<boolean> {
    const there = new Set((await this.cluster.pods()).map(workloadOf));
    return workloads.every((workload) => there.has(workload));
  }

  /** Does it, or says how. */
  private async restart(workloads: readonly string[]): Promise<void> {
    for (const workload of workloads) {
      const isDone = this.asked.restart === true && (await this.cluster.restart(workload, new Date()));
      const how = workload.startsWith("pod/")
        ? `delete and create ${workload}`
        : `kubectl -n ${this.cluster.namespace} rollout restart ${workload}`;
      this.say("restart", isDone ? `${workload} restarts` : `needed, and it waits for you: ${how}`);
    }
  }

  private async acknowledged(watch: Watch, overlay: string): Promise<void> {
    const isProgrammed = async () => {
      const pending = await watch.pending(overlay);
      return pending === undefined;
    };
    await this.wait(isProgrammed, "every sidecar has its image", "see sallyport check, and the sidecars' logs", () =>
      watch.refusal(),
    );
    this.say(
      "programmed",
      `${(await this.cluster.pods()).length} sidecars have their images, and no proxy refused its configuration`,
    );
  }

  private async observed(watch: Watch, isAudit: boolean): Promise<void> {
    const verdict = await watch.observe(this.asked.observe);
    if (verdict.problem !== undefined) throw new Failure(verdict.problem);
    this.say("observe", `${verdict.text}${isAudit ? " (audited)" : ""}`);
  }

  /** Waits for something; `refusal` ends it early with a reason. */
  private async wait(
    isSo: () => Promise<boolean>,
    what: string,
    advice: string,
    refusal: () => Promise<string | undefined> = async () => undefined,
  ): Promise<void> {
    const end = Date.now() + this.asked.timeout * 1000;
    for (;;) {
      const reason = await refusal();
      if (reason !== undefined) throw new Failure(reason);
      if (await isSo()) return;
      if (Date.now() > end) throw new Failure(`not within ${this.asked.timeout} s: ${what}; ${advice}`);
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    }
  }

  private async back({ label, enforcement, since }: Memory, overlay: string): Promise<Outcome> {
    try {
      if (this.asked.audit) {
        await this.cluster.enforce(overlay, enforcement);
        this.say("back", `Overlay ${overlay} has enforcement ${enforcement} again`);
      }
      if (label !== undefined) {
        this.say("back", `the namespace stays in overlay ${label}, in which it was before`);
        await this.forget();
        return "rolled-back";
      }
      await this.takeOut({ since, kind: "join", enforcement });
      await this.forget();
      this.say("back", `namespace ${this.cluster.namespace} is as it was before`);
      return "rolled-back";
    } catch (error) {
      this.fail(
        `it couldn't be rolled back: ${(error as Error).message}; run sallyport rollout ${this.cluster.namespace} --leave`,
      );
      return "stopped";
    }
  }

  /** The guard first, so that what comes past the tunnel is let in again; then the rest. */
  private async takeOut(memory: Memory): Promise<void> {
    const before = await this.cluster.ours();
    await this.cluster.mark({ labels: { [OVERLAY_LABEL]: null } });
    await this.cluster.remove(before.filter(({ kind }) => kind === "WasmPlugin"));
    this.say("label", `${OVERLAY_LABEL} is gone from namespace ${this.cluster.namespace}`);
    if (!this.asked.controller) await this.cluster.remove(await this.cluster.ours());
    const isGone = async () => (await this.cluster.ours()).length === 0;
    await this.wait(isGone, "nothing of ours is in the namespace", "the controller doesn't delete it: look at its log");
    this.say("objects", "nothing of ours is in the namespace");
    const leaving = memory.kind === "leave";
    // What started meanwhile has loaded the rules; what starts from now on doesn't.
    const gone = leaving && before.length > 0 ? await this.remembered(memory) : memory.since;
    const stale = async () => {
      const pods = await this.cluster.pods();
      return leaving ? rulesHeld(pods, { before: gone }) : rulesHeld(pods, { after: gone });
    };
    const first = await stale();
    await this.restart(first);
    // A namespace that goes back shall not wait for anybody.
    if (!leaving) return;
    const isFresh = async () => (await stale()).length === 0 && (await this.areBack(first));
    await this.wait(isFresh, "pods have started again, without our rules", "restart them as the line above says");
    this.say("restart", "every pod started without our rules");
  }

  /** From now on. */
  private async remembered(memory: Memory): Promise<string> {
    const since = new Date().toISOString();
    await this.cluster.mark({ annotations: { [ROLLOUT_ANNOTATION]: memoryText({ ...memory, since }) } });
    return since;
  }

  private say(step: string, text: string): void {
    const { terminal } = this.tell;
    terminal.out(`${terminal.style("green", "ok  ")}  ${step.padEnd(WIDTH)}  ${text}`);
  }

  private fail(text: string): void {
    const { terminal } = this.tell;
    terminal.out(`${terminal.style("red", "FAIL")}  ${text}`);
  }
}
