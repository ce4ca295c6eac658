/** Watches resource files and reports that something changed, not what. */
import type { Stats } from "node:fs";
import { relative, resolve } from "node:path";
import { watch } from "chokidar";

export interface WatchOptions {
  /** What `changed` threw, or why watching fails; the watch goes on. Without it, a warning of the process. */
  readonly failed?: (error: unknown) => void;
  /** Editors save in several steps: changes within this time are one. */
  readonly debounceMs?: number;
}

export interface Watch {
  /** Stops, after a call of `changed` that is under way. */
  close(): Promise<void>;
}

const DEBOUNCE_MS = 50;
const LONGEST_MS = 500;
const RESOURCE_FILE = /\.(ya?ml|json)$/;

/**
 * Calls `changed` soon after something in the folder (or the file) changed that the reader takes. Never twice at once:
 * a change during a call leads to one more. Resolves when it watches.
 */
export async function watchFolder(
  folder: string,
  changed: () => Promise<void>,
  { failed = warn, debounceMs = DEBOUNCE_MS }: WatchOptions = {},
): Promise<Watch> {
  const calls = new Calls(changed, failed, debounceMs);
  const watcher = watch(folder, { ignoreInitial: true, ignored: (path, stats) => isIgnored(folder, path, stats) });
  watcher.on("all", () => calls.note());
  watcher.on("error", failed);
  await new Promise<void>((ready) => watcher.once("ready", ready));
  return {
    close: async () => {
      await watcher.close();
      await calls.end();
    },
  };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

/** The reader's own rules: no dot folders, only YAML and JSON; what was named itself is taken as it is. */
function isIgnored(folder: string, path: string, stats: Stats | undefined): boolean {
  const below = relative(resolve(folder), resolve(path));
  if (below === "") return false;
  if (below.split("/").some((name) => name.startsWith("."))) return true;
  return stats?.isFile() === true && !RESOURCE_FILE.test(below);
}

/** Turns bursts of changes into single calls, one after the other. */
class Calls {
  readonly #changed: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #debounceMs: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** When the first change came that no call has begun for. */
  #since: number | undefined;
  #isStale = false;

  constructor(changed: () => Promise<void>, failed: (error: unknown) => void, debounceMs: number) {
    this.#changed = changed;
    this.#failed = failed;
    this.#debounceMs = debounceMs;
  }

  note(): void {
    const now = performance.now();
    this.#since ??= now;
    clearTimeout(this.#timer);
    // Waits for silence, but not for ever.
    const delay = Math.min(this.#debounceMs, this.#since + LONGEST_MS - now);
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
        await this.#changed();
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
