import { ApiClient } from "../kube/api-client.ts";
import { Log } from "./log.ts";
import { Operator } from "./operator.ts";
import type { Settings } from "./settings.ts";

/** Runs a replica until `asked` resolves with the signal that asked it to stop; or says why it couldn't start. */
export async function runOperator(
  settings: Settings,
  kubeconfig: string | undefined,
  write: (line: string) => void,
  asked: Promise<string>,
): Promise<string | undefined> {
  const log = new Log(write);
  let client: ApiClient;
  try {
    client = ApiClient.of(kubeconfig);
  } catch (error) {
    return `no cluster: ${(error as Error).message}`;
  }
  const operator = new Operator(client, settings, log);
  try {
    await operator.start();
  } catch (error) {
    await operator.stop();
    client.close();
    return (error as Error).message;
  }
  const signal = await asked;
  log.say(`${signal}: stopping`);
  await operator.stop();
  client.close();
  return undefined;
}
