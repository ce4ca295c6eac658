/** One namespace on its way into an overlay, or out of it. Each step can be done again: what is so already stays. */
import { check } from "../check/check.ts";
import { annotationOf, type Json, labelOf, textAt } from "../check/json.ts";
import type { Terminal } from "../cli/terminal.ts";
import { gatherFacts, wantedOf } from "../kube/check-facts.ts";
import type { RolloutCluster } from "../kube/rollout-cluster.ts";
import { OVERLAY_LABEL } from "../model/labels.ts";
import type { World } from "../model/resources.ts";
import { changeOf } from "./before-after.ts";
import { BEFORE_OPT_IN, type Blocker, blockersOf, openedByAudit } from "./blockers.ts";
import { changeText } from "./change-text.ts";
import { complaintsAbout } from "./istio-opinion.ts";
import { type Memory, memoryOf, memoryText, ROLLOUT_ANNOTATION } from "./memory.ts";
import { Restarts } from "./restarts.ts";
import { Failure, Steps } from "./steps.ts";
import { Watch } from "./watch.ts";

export type Outcome = "done" | "rolled-back" | "stopped" | "declined";

export interface Asked {
  readonly overlay?: string;
  readonly audit?: boolean;
  readonly restart?: boolean;
  /** False: this program applies what the controller would. */
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

export class Rollout {
  private readonly steps: Steps;
  private readonly restarts: Restarts;

  constructor(
    private readonly cluster: RolloutCluster,
    private readonly asked: Asked,
    private readonly tell: Tell,
  ) {
    this.steps = new Steps(tell.terminal, asked.timeout);
    this.restarts = new Restarts(cluster, asked.restart === true, (step, text) => this.say(step, text));
  }

  async join(): Promise<Outcome> {
    const home = await this.home();
    if (home === undefined) return "stopped";
    const overlay = await this.overlayFor(home);
    if (overlay === undefined) return "stopped";
    const found = memoryOf(annotationOf(home, ROLLOUT_ANNOTATION));
    const known = found?.kind === "join" ? found : undefined;
    if (known !== undefined) this.say("resume", resumedText(known));
    const world = await this.cluster.worldIn(overlay);
    if (!(await this.mayJoin(world, overlay, home))) return "stopped";
    this.show(world, overlay);
    // Also of one that goes on: what it would go back to may be long ago.
    if (!(await this.tell.confirm(`Bring namespace ${this.cluster.namespace} into overlay ${overlay}?`)))
      return "declined";
    const memory = known ?? (await this.remember("join", home, overlay));
    try {
      await this.bringIn(overlay);
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
    const isUnderWay = memoryOf(annotationOf(home, ROLLOUT_ANNOTATION)) !== undefined;
    const now = { enforces, isIn: other !== undefined, isUnderWay };
    const opened = openedByAudit(this.cluster.namespace, neighbours, now);
    if (this.asked.audit && opened.length > 0) {
      this.fail(
        `--audit would open overlay ${overlay}, which enforces, for ${opened.join(", ")}: leave it out, or use an Overlay of its own`,
      );
      return false;
    }
    return this.isValid(world, home);
  }

  private async isValid(world: World, home: Json): Promise<boolean> {
    const revision = this.asked.revision ?? labelOf(home, "istio.io/rev");
    const ways = this.asked.audit ? (["Audit", "Enforce"] as const) : ([undefined] as const);
    const sets = ways.map((enforcement) =>
      wantedOf(enforcing(world, enforcement), this.cluster.mesh, this.cluster.namespace),
    );
    const complaints: string[] = [];
    for (const objects of sets) complaints.push(...(await complaintsAbout(objects, this.asked.istioctl, revision)));
    for (const complaint of new Set(complaints)) this.fail(`istioctl: ${complaint}`);
    const count = Math.max(...sets.map(({ length }) => length));
    if (complaints.length === 0) this.say("validate", `istioctl has nothing against ${count} objects`);
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

  private async bringIn(overlay: string): Promise<void> {
    const watch = await Watch.begin(this.cluster, this.asked);
    if (this.asked.audit) {
      await this.cluster.enforce(overlay, "Audit");
      this.say("audit", `Overlay ${overlay} audits: it denies nothing`);
    }
    await this.cluster.mark({ labels: { [OVERLAY_LABEL]: overlay } });
    await this.place(overlay);
    this.say("label", `${OVERLAY_LABEL}=${overlay}, and its objects are in place`);
    await this.restarted(overlay);
    await watch.rebase();
    await this.acknowledged(watch, overlay);
    const outsiders = await this.observed(watch, this.asked.audit === true);
    if (!this.asked.audit) return;
    const question = `${outsiders} connections came from outside of the overlay, which enforcing refuses. Enforce?`;
    if (outsiders > 0 && !(await this.tell.confirm(question))) throw new Failure("not promoted");
    await this.cluster.enforce(overlay, "Enforce");
    await this.place(overlay);
    this.say("promote", `Overlay ${overlay} enforces`);
    await this.acknowledged(watch, overlay);
    await this.observed(watch, false);
    // The sidecars' guards refuse from now on, those in the kernel when pods start again.
    await this.restarts.ask(await this.restarts.withRules("audit"), "at leisure");
  }

  /** What is emitted depends on whether the Overlay audits. */
  private async place(overlay: string): Promise<void> {
    if (!this.asked.controller) {
      const world = await this.cluster.worldIn(overlay);
      await this.cluster.apply(wantedOf(world, this.cluster.mesh, this.cluster.namespace));
    }
    await this.placed(overlay);
  }

  private async placed(overlay: string): Promise<void> {
    const isThere = async () => (await this.only(overlay, "emitted")).length === 0;
    await this.steps.wait(
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
    await this.restarts.ask(first);
    const isDone = async () => (await stale()).length === 0 && (await this.restarts.areBack(first));
    await this.steps.wait(isDone, "pods have started again", "restart them as the lines above say");
    this.say("restart", "every pod started with redirect and guard");
  }

  private async acknowledged(watch: Watch, overlay: string): Promise<void> {
    const isProgrammed = async () => {
      const pending = await watch.pending(overlay);
      return pending === undefined;
    };
    await this.steps.wait(
      isProgrammed,
      "every sidecar has its image",
      "see sallyport check, and the sidecars' logs",
      () => watch.refusal(),
    );
    this.say(
      "programmed",
      `${(await this.cluster.pods()).length} sidecars have their images, and no proxy refused its configuration`,
    );
  }

  /** How many connections of outsiders there were. */
  private async observed(watch: Watch, isAudit: boolean): Promise<number> {
    const verdict = await watch.observe(this.asked.observe);
    if (verdict.problem !== undefined) throw new Failure(verdict.problem);
    this.say("observe", `${verdict.text}${isAudit ? " (audited)" : ""}`);
    return verdict.outsiders;
  }

  private async back({ label, enforcement, since }: Memory, overlay: string): Promise<Outcome> {
    try {
      // An Overlay that enforces again before the namespace is out would deny what it only audited.
      if (label === undefined) await this.takeOut({ since, kind: "join", enforcement });
      else this.say("back", `the namespace stays in overlay ${label}, in which it was before`);
      if (this.asked.audit) {
        await this.cluster.enforce(overlay, enforcement);
        this.say("back", `Overlay ${overlay} has enforcement ${enforcement} again`);
      }
      if (label !== undefined && !this.asked.controller) await this.place(overlay);
      await this.forget();
      if (label === undefined) this.say("back", `namespace ${this.cluster.namespace} is as it was before`);
      return "rolled-back";
    } catch (error) {
      this.fail(
        `it couldn't be rolled back: ${(error as Error).message}; run sallyport rollout ${this.cluster.namespace} --leave`,
      );
      return "stopped";
    }
  }

  /** The guard first, so that what comes past the tunnel is let in again; then the rest. */
  private async takeOut({ kind }: Memory): Promise<void> {
    const before = await this.cluster.ours();
    await this.cluster.mark({ labels: { [OVERLAY_LABEL]: null } });
    await this.cluster.remove(before.filter((one) => one.kind === "WasmPlugin"));
    this.say("label", `${OVERLAY_LABEL} is gone from namespace ${this.cluster.namespace}`);
    if (!this.asked.controller) await this.cluster.remove(await this.cluster.ours());
    const isGone = async () => (await this.cluster.ours()).length === 0;
    await this.steps.wait(
      isGone,
      "nothing of ours is in the namespace",
      "the controller doesn't delete it: look at its log",
    );
    this.say("objects", "nothing of ours is in the namespace");
    const stale = () => this.restarts.withRules("audit", "enforce");
    const first = await stale();
    await this.restarts.ask(first);
    // A namespace that goes back shall not wait for anybody.
    if (kind === "join") return;
    const isFresh = async () => (await stale()).length === 0 && (await this.restarts.areBack(first));
    await this.steps.wait(isFresh, "pods have started again, without our rules", "restart them as the lines above say");
    this.say("restart", "no pod holds our rules");
  }

  private say(step: string, text: string): void {
    this.steps.say(step, text);
  }

  private fail(text: string): void {
    this.steps.fail(text);
  }
}

/** What is emitted depends on it. */
function enforcing(world: World, enforcement: "Enforce" | "Audit" | undefined): World {
  if (enforcement === undefined) return world;
  return { ...world, overlays: world.overlays.map((overlay) => ({ ...overlay, enforcement })) };
}

function resumedText({ since, label, enforcement }: Memory): string {
  const home = label === undefined ? "out of any overlay" : `in overlay ${label}`;
  return `a rollout began at ${since} and goes on; back means ${home}, with an Overlay that has ${enforcement}`;
}
