import type { Terminal } from "./terminal.ts";

/** What the process ends with. */
export const ExitCode = {
  /** Done; of a question: allowed. */
  Ok: 0,
  Error: 2,
  Denied: 3,
  /** What was looked for is there: differences, findings, failed tests. */
  Found: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** One run of the program: what its commands get and leave. */
export interface Run {
  readonly terminal: Terminal;
  /** Set by the command. */
  exitCode: ExitCode;
}

/** Says what is wrong and what to do, and ends with an error. */
export function fail({ terminal }: Run, message: string): ExitCode {
  terminal.error(`${terminal.styleError("red", "error:")} ${message}`);
  return ExitCode.Error;
}
