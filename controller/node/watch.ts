/** Watches resource files and reports that something changed, not what. */
import type { Stats } from "node:fs";
import { relative, resolve } from "node:path";
import { watch } from "chokidar";

export interface WatchOptions {
  /** Reads everything anew. Never called twice at once; a change meanwhile leads to one more call. */
  changed(): Promise<void>;
  /** What `changed` threw, or why watching fails; the watch goes on. */
  failed(error: unknown): void;
  /** Editors save in several steps: changes within this time are one. */
  debounceMs?: number;
}

export interface Watch {
  /** Stops, after a call of `changed` that is under way. */
  close(): Promise<void>;
}

const DEBOUNCE_MS = 50;
const LONGEST_MS = 500;
const RESOURCE_FILE = /\.(ya?ml|json)$/;

/** Watches files and folders (with the files that the reader takes from them) until closed. Resolves when it does. */
export async function watchResources(paths: readonly string[], options: WatchOptions): Promise<Watch> {
  const calls = new Calls(options);
  const watcher = watch([...paths], { ignoreInitial: true, ignored: (path, stats) => isIgnored(paths, path, stats) });
  watcher.on("all", () => calls.note());
  watcher.on("error", (error) => options.failed(error));
  await new Promise<void>((ready) => watcher.once("ready", ready));
  return {
    close: async () => {
      await watcher.close();
      await calls.end();
    },
  };
}

/** The reader's own rules: no dot folders, only YAML and JSON; what was named itself is always taken. */
function isIgnored(paths: readonly string[], path: string, stats: Stats | undefined): boolean {
  const below = paths.map((root) => relative(resolve(root), resolve(path))).find((text) => !text.startsWith(".."));
  if (below === undefined || below === "") return false;
  if (below.split("/").some((name) => name.startsWith("."))) return true;
  return stats?.isFile() === true && !RESOURCE_FILE.test(below);
}

/** Turns bursts of changes into single calls, one after the other. */
class Calls {
  readonly #options: WatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** When the first change came that no call has begun for. */
  #since: number | undefined;
  #isStale = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  note(): void {
    const now = performance.now();
    this.#since ??= now;
    clearTimeout(this.#timer);
    // Waits for silence, but not for ever.
    const delay = Math.min(this.#options.debounceMs ?? DEBOUNCE_MS, this.#since + LONGEST_MS - now);
    this.#timer = setTimeout(() => this.#call(), Math.max(0, delay));
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isStale = false;
    await this.#running;
  }

  #call(): void {
    this.#since = undefined;
    this.#isStale = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      try {
        await this.#options.changed();
      } catch (error) {
        this.#options.failed(error);
      }
    }
  }
}
