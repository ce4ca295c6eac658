/** Keeps the Envoys of this machine as the topology wants them: starts, stops, and restarts those whose bootstrap changed. */
import { readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CompiledPolicy } from "../compile/compiled.ts";
import type { NodePlan } from "../emit/topology.ts";
import { makePrivateFolder } from "../serve/private-file.ts";
import type { Renewal } from "../serve/renewal.ts";
import { writeGeneration, writeSecretReferences } from "../serve/tls-folder.ts";
import type { Machine, PlannedNode, RunningNode } from "./machine.ts";

export interface FleetChange {
  readonly started: readonly string[];
  readonly stopped: readonly string[];
}

interface Member {
  readonly fingerprint: string;
  readonly running: RunningNode;
}

export class Fleet {
  readonly #machine: Machine;
  readonly #renewal: Renewal;
  readonly #folderOf: (name: string) => string;
  readonly #members = new Map<string, Member>();

  constructor(machine: Machine, renewal: Renewal, folderOf: (name: string) => string) {
    this.#machine = machine;
    this.#renewal = renewal;
    this.#folderOf = folderOf;
  }

  get names(): readonly string[] {
    return [...this.#members.keys()].sort();
  }

  pid(name: string): number | undefined {
    return this.#members.get(name)?.running.pid();
  }

  /** Makes the running nodes those of `wanted`. A node that runs as planned isn't touched. */
  async adopt(wanted: readonly PlannedNode[]): Promise<FleetChange> {
    const fingerprints = new Map(wanted.map(({ plan, policy }) => [plan.name, fingerprint(plan, policy)]));
    const stale = this.names.filter((name) => fingerprints.get(name) !== this.#members.get(name)?.fingerprint);
    await Promise.all(stale.map((name) => this.#stop(name)));
    await this.#machine.keepOnly(wanted);
    await this.#forget(fingerprints);
    const missing = wanted.filter(({ plan }) => !this.#members.has(plan.name));
    // One after the other: starting is mostly compiling Wasm, and cores are few.
    for (const node of missing) await this.#start(node, fingerprints.get(node.plan.name) as string);
    return { started: missing.map(({ plan }) => plan.name), stopped: stale };
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.names.map((name) => this.#stop(name)));
    await this.#machine.keepOnly([]);
  }

  /** Removes what other nodes left, also those of an earlier run: keys that nobody uses any more, among other things. */
  async #forget(wanted: { has(name: string): boolean }): Promise<void> {
    const folder = dirname(this.#folderOf("any"));
    const names = await readdir(folder).catch(() => []);
    const unwanted = names.filter((name) => !wanted.has(name));
    await Promise.all(unwanted.map((name) => rm(join(folder, name), { recursive: true, force: true })));
  }

  async #start(node: PlannedNode, print: string): Promise<void> {
    const { plan } = node;
    const folder = this.#folderOf(plan.name);
    const tls = join(folder, "tls");
    await makePrivateFolder(folder);
    await writeSecretReferences(tls);
    await this.#renewal.keep({
      name: plan.name,
      identity: plan.identity,
      accept: async (issued) => void (await writeGeneration(tls, issued)),
    });
    await writeFile(join(folder, "envoy.json"), JSON.stringify(plan.bootstrap, null, 1), { mode: 0o600 });
    this.#members.set(plan.name, { fingerprint: print, running: await this.#machine.start(node, folder) });
  }

  async #stop(name: string): Promise<void> {
    const member = this.#members.get(name);
    this.#members.delete(name);
    this.#renewal.drop(name);
    await member?.running.stop();
  }
}

/** All that a node's start depends on, the guard's facts included. */
function fingerprint(plan: NodePlan, { overlay }: CompiledPolicy): string {
  return JSON.stringify([plan, overlay.cidr, overlay.interception]);
}
