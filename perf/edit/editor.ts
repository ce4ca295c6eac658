/** Edits a policy file of a running controller and takes the times of what follows. */
import { writeFile } from "node:fs/promises";
import type { NetworkPolicy } from "../../controller/model/resources.ts";
import { type Watch, watchFolder } from "../../controller/node/watch.ts";
import type { Standalone } from "../../controller/standalone/standalone.ts";
import { policyText } from "./manifests.ts";
import { monotonicMs, type PollingNodes } from "./polling-nodes.ts";

/** As `sallyport up` has it. */
const DEBOUNCE_MS = 20;
const DEADLINE_MS = 60_000;

/** One edit's times in milliseconds, from the beginning of the write. */
export interface EditTimes {
  /** The controller begins to read. */
  readonly noticed: number;
  /** The new images are published. */
  readonly published: number;
  /** The last node has received and checked its image. */
  readonly enforced: number;
  readonly images: number;
  readonly bytes: number;
}

/** What the watch led to. */
interface Reloaded {
  readonly begun: number;
  readonly published: number;
  readonly changed: number;
}

/** Writes the file, and waits until everybody has what follows from it. */
export class Editor {
  #reloaded: (reloaded: Reloaded) => void = () => {};
  #failed: (error: unknown) => void = () => {};
  #watch: Watch | undefined;

  private constructor(
    private readonly file: string,
    private readonly polling: PollingNodes,
  ) {}

  static async open(file: string, folder: string, standalone: Standalone, polling: PollingNodes): Promise<Editor> {
    const editor = new Editor(file, polling);
    const reload = () => editor.#reload(standalone);
    const failed = (error: unknown) => editor.#failed(error);
    editor.#watch = await watchFolder(folder, reload, { failed, debounceMs: DEBOUNCE_MS });
    return editor;
  }

  async edit(policy: NetworkPolicy): Promise<EditTimes> {
    this.polling.begin();
    const reloaded = new Promise<Reloaded>((resolve, reject) => {
      this.#reloaded = resolve;
      this.#failed = reject;
    });
    const deadline = setTimeout(() => this.#failed(new Error("an edit changed nobody's image")), DEADLINE_MS);
    const start = monotonicMs();
    await writeFile(this.file, policyText(policy));
    const { begun, published, changed } = await reloaded;
    clearTimeout(deadline);
    const { checkedMs, bytes } = await this.polling.expect(changed);
    return {
      noticed: begun - start,
      published: published - start,
      enforced: checkedMs - start,
      images: changed,
      bytes,
    };
  }

  async close(): Promise<void> {
    await this.#watch?.close();
  }

  /** A reading that changes nothing was for a late note of the edit before, or of half of this one. */
  async #reload(standalone: Standalone): Promise<void> {
    const begun = monotonicMs();
    const reload = await standalone.reload();
    if (reload.kind === "kept" || reload.changed === 0) return;
    this.#reloaded({ begun, published: monotonicMs(), changed: reload.changed });
  }
}
