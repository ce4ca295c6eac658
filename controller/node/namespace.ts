/** The lab: one network namespace per node on one bridge, all of it private to this process. */
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOrFail, runToEnd, spawnBound } from "./child.ts";
import { endInhabitants } from "./inhabitants.ts";
import { currentLab, withoutLab } from "./lab-entry.ts";
import {
  addressLines,
  attachLines,
  BRIDGE,
  BRIDGE_LINES,
  CONTROLLER_ADDRESS,
  CONTROLLER_ADDRESS_6,
  detachLines,
  isV4,
  isV6,
  nodeLines,
} from "./link-plan.ts";

export interface LabNode {
  /** Lower-case letters, digits, `.` and `-`: it becomes a file name. */
  readonly name: string;
  /** IPv4 or IPv6, canonical, without a prefix length. */
  readonly addresses: readonly string[];
}

export interface LabOptions {
  /** Absolute path of the state folder; the lab keeps its namespaces in `netns` beneath it. */
  readonly stateFolder: string;
  /** The controller's own addresses, reachable from every node. */
  readonly addresses?: readonly string[];
}

/** Where a node's commands run. The lab is one; a machine without namespaces has `OpenPlace`. */
export interface Place {
  /** Starts `argv` for that node; it dies with this process. Options are those of `child_process.spawn`. */
  execIn(node: string, argv: readonly string[], options?: SpawnOptions): ChildProcess;
}

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

export class Lab implements Place {
  readonly #folder: string;
  readonly #nodes = new Map<string, { readonly index: number; readonly addresses: readonly string[] }>();
  #next = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Builds the empty lab. Only inside `enterLab`: elsewhere it would rearrange the machine's own network. */
  static async open(options: LabOptions): Promise<Lab> {
    if (currentLab() === undefined) throw new Error("a lab can only be built by a program that enterLab started");
    const folder = join(options.stateFolder, "netns");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await runOrFail(["mount", "-t", "tmpfs", "-o", "mode=700", "sallyport", folder]);
    const addresses = options.addresses ?? [CONTROLLER_ADDRESS, CONTROLLER_ADDRESS_6];
    await setting("ipv6/conf/all/disable_ipv6", "0");
    await batch([...BRIDGE_LINES, ...addressLines(addresses.filter(isV4), BRIDGE)]);
    // A kernel without IPv6 is fine until a node asks for it.
    await batch(addressLines(addresses.filter(isV6), BRIDGE)).catch(() => {});
    return new Lab(folder);
  }

  get nodes(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** Creates the node's namespace and connects it. Nothing guards it yet: load the guard before starting anything. */
  async addNode(node: LabNode): Promise<void> {
    if (!NAME.test(node.name)) throw new Error(`"${node.name}" cannot name a network namespace`);
    if (this.#nodes.has(node.name)) throw new Error(`node ${node.name} is in the lab already`);
    const index = this.#next++;
    this.#nodes.set(node.name, { index, addresses: node.addresses });
    try {
      await this.#connect(node, index);
    } catch (cause) {
      await this.removeNode(node.name).catch(() => {});
      throw new Error(`cannot build the network of node ${node.name}`, { cause });
    }
  }

  /** Takes the node away, and ends whatever still runs in it. */
  async removeNode(name: string): Promise<void> {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    this.#nodes.delete(name);
    await endInhabitants(this.#file(name));
    await batch(detachLines(node.index, node.addresses), ["-force"]).catch(() => {});
    await runOrFail(["umount", "-l", this.#file(name)]);
    await rm(this.#file(name));
  }

  /** Unmounts the lab's files, so that the state folder can be removed. The namespaces end with this process. */
  async close(): Promise<void> {
    await runOrFail(["umount", "-l", this.#folder]);
  }

  execIn(name: string, argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return spawnBound([...this.#enter(name), ...argv], { ...options, env: withoutLab(options.env ?? process.env) });
  }

  /** Runs a short command inside the node and answers its output; an exit code other than 0 is an error. */
  async run(name: string, argv: readonly string[], input = ""): Promise<string> {
    return runOrFail([...this.#enter(name), ...argv], input);
  }

  async #connect(node: LabNode, index: number): Promise<void> {
    const file = this.#file(node.name);
    await writeFile(file, "");
    await runOrFail(["unshare", `--net=${file}`, "true"]);
    await batch(attachLines(index, file, node.addresses));
    await this.#allowV6(node);
    await this.run(node.name, ["ip", "-batch", "-"], text(nodeLines(node.addresses)));
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  #enter(name: string): string[] {
    if (!this.#nodes.has(name)) throw new Error(`node ${name} is not in the lab`);
    return ["nsenter", `--net=${this.#file(name)}`, "--"];
  }

  async #allowV6(node: LabNode): Promise<void> {
    if (!node.addresses.some(isV6)) return;
    const script = "echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6; echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_ra";
    await runToEnd([...this.#enter(node.name), "sh", "-c", script]);
  }
}

/** For machines without namespaces: commands run where the controller runs, and nothing is captured or guarded. */
export class OpenPlace implements Place {
  execIn(_node: string, argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return spawnBound(argv, options);
  }
}

async function batch(lines: readonly string[], options: readonly string[] = []): Promise<void> {
  await runOrFail(["ip", ...options, "-batch", "-"], text(lines));
}

function text(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}

/** Best effort: some containers mount /proc/sys read-only, where the default is mostly right anyway. */
async function setting(name: string, value: string): Promise<void> {
  await writeFile(`/proc/sys/net/${name}`, value).catch(() => {});
}
