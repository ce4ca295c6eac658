/** Runs a replica of the controller until it gets a signal. Argument: JSON of `ReplicaPlan`. */
import { readFileSync } from "node:fs";
import { runOperator } from "../../controller/operator/run.ts";
import type { ReplicaPlan } from "./replica.ts";

const { codeFile, kubeconfig, ...settings } = JSON.parse(process.argv[2] as string) as ReplicaPlan;
const asked = new Promise<string>((resolve) => process.once("SIGTERM", () => resolve("SIGTERM")));
const code = readFileSync(codeFile);
const problem = await runOperator({ ...settings, code }, kubeconfig, (line) => console.log(line), asked);
if (problem !== undefined) console.log(`error: ${problem}`);
process.exitCode = problem === undefined ? 0 : 2;
