/** Work that is done again after whatever asks for it, never twice at once. */
import { BackOff } from "../node/back-off.ts";

export interface TaskOptions {
  /** It begins this long after it was asked for: what asks in the meantime is served by the same run. */
  readonly quietMs: number;
  /** Between the beginnings of two runs. */
  readonly apartMs?: number;
  /** What a run threw; it is tried again after a while. */
  readonly failed: (error: unknown) => void;
}

const LONGEST_WAIT_MS = 10_000;

const newBackOff = () => new BackOff(Math.random, LONGEST_WAIT_MS);

export class Task {
  #backOff = newBackOff();
  /** What was asked for during a run; infinite: nothing. */
  #askedMs = Number.POSITIVE_INFINITY;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer ends. */
  #due = 0;
  #running: Promise<void> | undefined;
  #began = Number.NEGATIVE_INFINITY;

  /** `work` may be asked for again while it runs: it is done once more then. */
  constructor(
    private readonly work: () => Promise<void> | void,
    private readonly options: TaskOptions,
  ) {}

  /** Asks for a run, soon or at least so much later. */
  note(inMs = this.options.quietMs): void {
    if (this.#isStopped) return;
    if (this.#running !== undefined) {
      this.#askedMs = Math.min(this.#askedMs, inMs);
      return;
    }
    const { apartMs = 0 } = this.options;
    const now = performance.now();
    const due = Math.max(now + inMs, this.#began + apartMs);
    if (this.#timer !== undefined && this.#due <= due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#begin(), due - now);
  }

  /** No run begins after this, and the one that is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #begin(): void {
    this.#timer = undefined;
    this.#began = performance.now();
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    let againMs: number | undefined;
    try {
      await this.work();
      this.#backOff = newBackOff();
    } catch (error) {
      this.options.failed(error);
      againMs = this.#backOff.next(0);
    }
    this.#running = undefined;
    againMs ??= this.#askedMs;
    this.#askedMs = Number.POSITIVE_INFINITY;
    if (Number.isFinite(againMs)) this.note(againMs);
  }
}
