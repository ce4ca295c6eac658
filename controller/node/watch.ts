/** Follows a directory: calls back soon after something in it changed, never twice at once. */
import { watch } from "chokidar";

const QUIET_MS = 30;

export interface Watch {
  close(): Promise<void>;
}

/** Editors write in several steps, so a change counts when it has been quiet for 30 ms. */
export async function watchFolder(folder: string, changed: () => Promise<void>): Promise<Watch> {
  const watcher = watch(folder, { ignoreInitial: true });
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  watcher.on("all", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(changed);
    }, QUIET_MS);
  });
  await new Promise<void>((resolve, reject) => watcher.once("ready", resolve).once("error", reject));
  return {
    close: async () => {
      clearTimeout(timer);
      await watcher.close();
      await running;
    },
  };
}
