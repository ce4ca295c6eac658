/** What every scenario stands on. */

export interface Ground {
  readonly quick: boolean;
  readonly projectFolder: string;
  /** Private to this run, empty at its start. */
  readonly stateFolder: string;
  readonly envoy: string;
  /** The load generator. */
  readonly loadProgram: string;
  /** Wasm code of a filter that does nothing. */
  readonly noopFilter: string;
  say(message: string): void;
}
