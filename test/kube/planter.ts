import { type Json, nameOf, namespaceOf, recordAt } from "../../controller/check/json.ts";
import { KINDS, type KindName } from "../../controller/kube/kinds.ts";
import { pathOf } from "../../controller/kube/look.ts";
import type { ApiServer } from "./api-server.ts";

/** Makes a cluster hold certain objects, writing only those that differ from the last time. */
export class Planter {
  private held = new Map<string, Json>();

  constructor(private readonly server: () => ApiServer) {}

  async become(objects: readonly Json[]): Promise<void> {
    const wanted = new Map(objects.map((object) => [keyOf(object), object]));
    for (const [key, object] of this.held) if (!wanted.has(key)) await this.remove(object);
    for (const [key, object] of wanted) {
      const before = this.held.get(key);
      if (JSON.stringify(before) === JSON.stringify(object)) continue;
      // Most of a pod can't be changed, and a namespace can't be removed.
      if (before !== undefined && object.kind !== "Namespace") await this.remove(before);
      await this.create(object, before !== undefined);
    }
    this.held = wanted;
  }

  /** Writes one anew that somebody else changed. */
  async again(kind: string, name: string): Promise<void> {
    const object = [...this.held.values()].find((one) => one.kind === kind && nameOf(one) === name) as Json;
    await this.remove(object);
    await this.create(object, false);
  }

  private async create(object: Json, isThere: boolean): Promise<void> {
    const path = collectionOf(object);
    const query = "fieldManager=sallyport&fieldValidation=Strict";
    const isChange = isThere && object.kind === "Namespace";
    const { status, body } = isChange
      ? await this.server().ask("PUT", `${path}/${nameOf(object)}?${query}`, object)
      : await this.server().ask("POST", `${path}?${query}`, object);
    if (status >= 300) throw new Error(`${keyOf(object)}: ${body.message}`);
    if (object.status === undefined) return;
    const merge = "application/merge-patch+json";
    const patch = { status: recordAt(object, "status") };
    const written = await this.server().ask("PATCH", `${path}/${nameOf(object)}/status`, patch, merge);
    if (written.status >= 300) throw new Error(`status of ${keyOf(object)}: ${written.body.message}`);
  }

  private async remove(object: Json): Promise<void> {
    await this.server().ask("DELETE", `${collectionOf(object)}/${nameOf(object)}?gracePeriodSeconds=0`);
  }
}

function collectionOf(object: Json): string {
  const kind = KINDS[object.kind as KindName];
  const namespace = namespaceOf(object);
  return pathOf(kind, namespace === "" ? {} : { namespace });
}

function keyOf(object: Json): string {
  return `${object.kind} ${namespaceOf(object)}/${nameOf(object)}`;
}
