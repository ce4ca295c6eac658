/** One run of the standalone controller on this machine, following its directory until it is stopped. */
import { currentLab } from "../node/lab-entry.ts";
import { Lab } from "../node/namespace.ts";
import { claimStateFolder, releaseStateFolder } from "../node/run-record.ts";
import { type Watch, watchFolder } from "../node/watch.ts";
import { makePrivateFolder } from "../serve/private-file.ts";
import { LabMachine } from "./lab-machine.ts";
import type { MachineEvents } from "./machine.ts";
import { unreadyNodes } from "./readiness.ts";
import { type Reload, Standalone, type StandaloneEvents } from "./standalone.ts";

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
  readonly machine: LabMachine;
  readonly #options: SessionOptions;
  #watch: Watch | undefined;

  private constructor(options: SessionOptions, machine: LabMachine, standalone: Standalone) {
    this.#options = options;
    this.machine = machine;
    this.standalone = standalone;
  }

  /** Starts every local node. Only inside a lab. A directory with rejections, or one that runs already, starts nothing. */
  static async start(options: SessionOptions): Promise<Start> {
    const { stateFolder, events } = options;
    await makePrivateFolder(stateFolder);
    const claim = await claimStateFolder(stateFolder, currentLab() ?? "none");
    if (!claim.claimed) return { problem: `process ${claim.holder.pid} runs in ${stateFolder} already: stop it or use --state` };
    const machine = new LabMachine(await Lab.open({ stateFolder }), options.envoy, events);
    const standalone = await Standalone.open({ ...options, machine });
    const session = new Session(options, machine, standalone);
    const first = await standalone.reload();
    if (first.kind === "kept") {
      await session.stop();
      return first;
    }
    session.#watch = await watchFolder(options.folder, () => session.#follow());
    return { session };
  }

  /** Names of local nodes that can't carry flows yet: no image, or a gateway that they need is out of reach. */
  unready(): Promise<string[]> {
    return unreadyNodes(this.standalone);
  }

  async stop(): Promise<void> {
    await this.#watch?.close();
    await this.standalone.stop();
    await this.machine.place.close();
    await releaseStateFolder(this.#options.stateFolder);
  }

  async #follow(): Promise<void> {
    const { events } = this.#options;
    try {
      events.reloaded?.(await this.standalone.reload());
    } catch (error) {
      // What is in force stays in force; the next change tries again.
      events.trouble?.(`reading ${this.#options.folder} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
