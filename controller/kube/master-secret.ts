/** The master key of an overlay in a Kubernetes Secret: made once, read after that, never changed. */
import { randomBytes } from "node:crypto";
import { Secret } from "../keys/secret.ts";
import { isMapping } from "../read/schema.ts";
import { MASTER_KEY_LENGTH } from "../serve/master-key.ts";
import type { ApiClient } from "./api-client.ts";
import { messageOf, NOT_FOUND } from "./list-watch.ts";

export type MasterSecret =
  | { readonly key: Secret }
  /** What is wrong and what to do; never with anything of the key. */
  | { readonly problem: string };

const ENTRY = "master.key";
const NAME_MAX = 253;
const CREATED = 201;
const CONFLICT = 409;

/**
 * The key of the overlay, from the Secret `sallyport-OVERLAY` in `namespace`. Where there is none it is made; replicas
 * that do so at once get the same. One of another length is refused and left alone: every node would lose its keys.
 */
export async function masterSecret(
  client: ApiClient,
  namespace: string,
  overlay: string,
  random: (length: number) => Uint8Array = randomBytes,
): Promise<MasterSecret> {
  const name = `sallyport-${overlay}`;
  if (name.length > NAME_MAX) return { problem: `the overlay's name is too long for a Secret ${name.slice(0, 40)}...` };
  const collection = `/api/v1/namespaces/${namespace}/secrets`;
  const place = `Secret ${namespace}/${name}`;
  const known = await read(client, `${collection}/${name}`, place);
  if (known !== undefined) return known;
  const { status } = await client.ask("POST", collection, fresh(name, random(MASTER_KEY_LENGTH)));
  // The server's own words could repeat what was sent.
  if (status !== CREATED && status !== CONFLICT) return { problem: `${place} can't be made: status ${status}` };
  const made = await read(client, `${collection}/${name}`, place);
  return made ?? { problem: `${place} was made and is gone: who deletes it?` };
}

/** Undefined: there is none. */
async function read(client: ApiClient, path: string, place: string): Promise<MasterSecret | undefined> {
  const { status, body } = await client.ask("GET", path);
  if (status === NOT_FOUND) return undefined;
  if (status !== 200) return { problem: `${place} can't be read: ${messageOf(body)}` };
  const data = isMapping(body) && isMapping(body.data) ? body.data : {};
  const text = data[ENTRY];
  const bytes = Buffer.from(typeof text === "string" ? text : "", "base64");
  if (bytes.length === MASTER_KEY_LENGTH) return { key: new Secret(bytes) };
  const wrong = `holds ${bytes.length} bytes in ${ENTRY} instead of a master key of ${MASTER_KEY_LENGTH}`;
  return { problem: `${place} ${wrong}: restore it, or delete it to begin with a new key` };
}

function fresh(name: string, bytes: Uint8Array): object {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, labels: { "app.kubernetes.io/managed-by": "sallyport" } },
    type: "sallyport.dev/master-key",
    // It can be deleted, but not changed: a changed key would cut off every node.
    immutable: true,
    data: { [ENTRY]: Buffer.from(bytes).toString("base64") },
  };
}
