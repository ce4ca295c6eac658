/** One run of the standalone controller on this machine, following its directory until it is stopped. */
import { envoyVersion } from "../node/envoy.ts";
import { knowsResetLimits } from "../node/envoy-version.ts";
import { currentLab } from "../node/lab-entry.ts";
import { Lab } from "../node/namespace.ts";
import { claimStateFolder, releaseStateFolder } from "../node/run-record.ts";
import { type Watch, watchFolder } from "../node/watch.ts";
import { makePrivateFolder } from "../serve/private-file.ts";
import { FlatMachine } from "./flat-machine.ts";
import { LabMachine } from "./lab-machine.ts";
import type { Machine, MachineEvents } from "./machine.ts";
import { unreadyNodes } from "./readiness.ts";
import { type Reload, Standalone, type StandaloneEvents } from "./standalone.ts";

/** An edit is enforced this much later than it could be, so that a file saved in two steps is read once. */
const DEBOUNCE_MS = 20;

export interface SessionOptions {
  readonly folder: string;
  /** Absolute. */
  readonly stateFolder: string;
  /** Folder with the compiled filters. */
  readonly codeFolder: string;
  /** Path of the Envoy binary. */
  readonly envoy: string;
  readonly events: SessionEvents;
}

export interface SessionEvents extends StandaloneEvents, MachineEvents {
  /** The directory was read again. */
  reloaded?(reload: Reload): void;
}

export type Start = { readonly session: Session } | { readonly problem: string } | Extract<Reload, { kind: "kept" }>;

export class Session {
  readonly standalone: Standalone;
  readonly machine: Machine;
  readonly #options: SessionOptions;
  #watch: Watch | undefined;
  #isBroken = false;

  private constructor(options: SessionOptions, machine: Machine, standalone: Standalone) {
    this.#options = options;
    this.machine = machine;
    this.standalone = standalone;
  }

  /** Starts every local node; outside of a lab on loopback addresses, unguarded. A directory with rejections, or one that runs already, starts nothing. */
  static async start(options: SessionOptions): Promise<Start> {
    const { stateFolder } = options;
    await makePrivateFolder(stateFolder);
    const claim = await claimStateFolder(stateFolder, currentLab() ?? "none");
    if (!claim.claimed)
      return { problem: `process ${claim.holder.pid} runs in ${stateFolder} already: stop it or use --state` };
    const machine = await machineFor(options);
    try {
      return await Session.#begin(options, machine);
    } catch (error) {
      await machine.close();
      await releaseStateFolder(stateFolder);
      throw error;
    }
  }

  static async #begin(options: SessionOptions, machine: Machine): Promise<Start> {
    const standalone = await Standalone.open({ ...options, machine });
    const session = new Session(options, machine, standalone);
    try {
      const first = await standalone.reload();
      if (first.kind === "kept") {
        await session.stop();
        return first;
      }
      await session.#beginToFollow();
      return { session };
    } catch (error) {
      // Nodes may run already; without anybody who follows the directory and answers signals they must not.
      await standalone.stop();
      throw error;
    }
  }

  async #beginToFollow(): Promise<void> {
    const { folder, events } = this.#options;
    const failed = (error: unknown) => events.trouble?.(`following ${folder}: ${String(error)}`);
    this.#watch = await watchFolder(folder, () => this.#follow(), { failed, debounceMs: DEBOUNCE_MS });
    // What changed between the first reading and the watch.
    await this.#follow();
  }

  /** Names of local nodes that can't carry flows yet: no image, or a gateway that they need is out of reach. */
  unready(): Promise<string[]> {
    return unreadyNodes(this.standalone);
  }

  async stop(): Promise<void> {
    await this.#watch?.close();
    await this.standalone.stop();
    await this.machine.close();
    await releaseStateFolder(this.#options.stateFolder);
  }

  /** What is in force stays in force if this fails; the next change tries again. */
  async #follow(): Promise<void> {
    const reload = await this.standalone.reload();
    const isBroken = reload.kind === "kept" || reload.held.length > 0;
    const same = reload.kind === "applied" && reload.changed + reload.started.length + reload.stopped.length === 0;
    // That a broken file is whole again is news even if nothing changed by it.
    if (!same || isBroken || this.#isBroken) this.#options.events.reloaded?.(reload);
    this.#isBroken = isBroken;
  }
}

async function machineFor({ stateFolder, envoy: path, events }: SessionOptions): Promise<Machine> {
  const envoy = { path, resetLimits: knowsResetLimits(await envoyVersion(path)) };
  if (currentLab() === undefined) return new FlatMachine(envoy, events);
  return new LabMachine(await Lab.open({ stateFolder }), envoy, events);
}
