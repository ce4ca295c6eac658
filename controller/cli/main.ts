#!/usr/bin/env node
import { ExitCode } from "./command.ts";
import { endWithNpx } from "./npx.ts";
import { runProgram } from "./program.ts";
import { processTerminal } from "./terminal.ts";

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) =>
  process.exit(code === "EPIPE" ? process.exitCode : ExitCode.Error),
);

endWithNpx();
try {
  process.exitCode = await runProgram(process.argv.slice(2), processTerminal);
} catch (error) {
  processTerminal.error(`error: ${error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = ExitCode.Error;
}
