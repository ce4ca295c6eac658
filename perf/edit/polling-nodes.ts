/** The nodes of (e), in a process of their own: each polls for its image as an Envoy does, and checks what it gets. */
import { type ChildProcess, fork } from "node:child_process";

export interface PolledNode {
  /** 16 hex digits. */
  readonly nodeId: string;
  readonly overlay: number;
  readonly role: "endpoint" | "gateway";
  /** Has its certificate beneath `tls/current`. */
  readonly folder: string;
}

/** To the process. */
export type NodesCommand =
  | {
      readonly kind: "start";
      readonly nodes: readonly PolledNode[];
      readonly port: number;
      readonly projectFolder: string;
    }
  /** Forget the images that came so far. */
  | { readonly kind: "begin" }
  /** Answer when all pollers of so many nodes have a new image. */
  | { readonly kind: "expect"; readonly nodes: number };

/** From it. Times are of the monotonic clock, milliseconds. */
export interface NodesAnswer {
  /** When the last image had arrived, and when the last node that checks its own alone would have checked it. */
  readonly receivedMs: number;
  readonly checkedMs: number;
  readonly bytes: number;
}

export class PollingNodes {
  readonly #child: ChildProcess;
  #answered: (answer: NodesAnswer) => void = () => {};
  #failed: (error: Error) => void = () => {};

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (answer: NodesAnswer) => this.#answered(answer));
    child.once("exit", () => this.#failed(new Error("the polling nodes ended")));
  }

  /** Resolves when every node has its first image. */
  static async start(nodes: readonly PolledNode[], port: number, projectFolder: string): Promise<PollingNodes> {
    const polling = new PollingNodes(
      fork(new URL("./polling-process.js", import.meta.url), { stdio: ["ignore", "inherit", "inherit", "ipc"] }),
    );
    polling.#send({ kind: "start", nodes, port, projectFolder });
    await polling.expect(nodes.length);
    return polling;
  }

  begin(): void {
    this.#send({ kind: "begin" });
  }

  expect(nodes: number): Promise<NodesAnswer> {
    this.#send({ kind: "expect", nodes });
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
    });
  }

  stop(): void {
    this.#failed = () => {};
    this.#child.kill();
  }

  #send(command: NodesCommand): void {
    this.#child.send(command);
  }
}

/** Milliseconds of the clock that all processes of a machine share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
