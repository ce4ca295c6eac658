/** Time, as far as it is waited for; tests have another one. */
export interface Pace {
  /** Milliseconds from some moment on. */
  now(): number;
  /** Waits, unless `signal` ends it before. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export const REAL_PACE: Pace = {
  now: () => performance.now(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
    }),
};
