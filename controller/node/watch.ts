/** Watches resource files and reports that something changed, not what. */
import { type FSWatcher, watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

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
 * a change during a call leads to one more, and none is lost. Resolves when it watches.
 */
export async function watchFolder(
  path: string,
  changed: () => Promise<void>,
  { failed = warn, debounceMs = DEBOUNCE_MS }: WatchOptions = {},
): Promise<Watch> {
  const calls = new Calls(
    async () => {
      // Before reading: a folder that is new by now is watched from here on.
      await folders.scan();
      await changed();
    },
    failed,
    debounceMs,
  );
  const isFile = (await stat(path)).isFile();
  const folders = new WatchedFolders(path, isFile, () => calls.note(), failed);
  await folders.scan();
  return {
    close: async () => {
      folders.close();
      await calls.end();
    },
  };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

/**
 * One watch of the system for each folder. The kernel reports every change, however fast they come; libraries that
 * report what changed drop some of those that follow each other within milliseconds.
 */
class WatchedFolders {
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(
    private readonly path: string,
    private readonly isFile: boolean,
    private readonly note: () => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Watches folders that are new and forgets those that are gone. */
  async scan(): Promise<void> {
    const found = new Set(this.isFile ? [dirname(this.path)] : await foldersBelow(this.path));
    for (const folder of this.#watchers.keys()) if (!found.has(folder)) this.#forget(folder);
    for (const folder of found) if (!this.#watchers.has(folder)) this.#add(folder);
  }

  close(): void {
    for (const folder of [...this.#watchers.keys()]) this.#forget(folder);
  }

  #add(folder: string): void {
    const watcher = systemWatch(folder, (name) => {
      if (name === null || this.#counts(name)) this.note();
    });
    watcher.on("error", this.failed);
    this.#watchers.set(folder, watcher);
  }

  #forget(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  /** The reader's own rules: no dot files and folders, only YAML and JSON; a name without an ending may be a folder. */
  #counts(name: string): boolean {
    if (this.isFile) return name === basename(this.path);
    return !name.startsWith(".") && (RESOURCE_FILE.test(name) || !name.includes("."));
  }
}

function systemWatch(folder: string, changed: (name: string | null) => void): FSWatcher {
  try {
    return watch(folder, (_, name) => changed(name));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EMFILE") throw cause;
    const what = "this user's inotify instances are used up (an Envoy takes four)";
    throw new Error(`cannot watch ${folder}: ${what}; raise sysctl fs.inotify.max_user_instances`, { cause });
  }
}

async function foldersBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const below = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  return [folder, ...(await Promise.all(below.map(({ name }) => foldersBelow(join(folder, name))))).flat()];
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
