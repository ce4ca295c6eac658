/** What the API server was asked by whom, from its own audit log. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Entry {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly requestURI: string;
  readonly objectRef?: {
    readonly resource: string;
    readonly subresource?: string;
    readonly apiGroup?: string;
    readonly namespace?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

export class Audit {
  readonly folder = mkdtempSync(join(tmpdir(), "sallyport-audit-"));

  /** For kube-apiserver. */
  get flags(): string[] {
    const policy = {
      apiVersion: "audit.k8s.io/v1",
      kind: "Policy",
      omitStages: ["RequestReceived"],
      rules: [{ level: "Metadata" }],
    };
    writeFileSync(join(this.folder, "policy.json"), JSON.stringify(policy));
    return [`--audit-policy-file=${join(this.folder, "policy.json")}`, `--audit-log-path=${this.#log}`];
  }

  get #log(): string {
    return join(this.folder, "audit.jsonl");
  }

  of(user: string): Entry[] {
    const lines = readFileSync(this.#log, "utf8").trim().split("\n");
    return lines.map((line) => JSON.parse(line) as Entry).filter((entry) => entry.user.username === user);
  }
}

/** `VERB RESOURCE.GROUP` of what roles were needed for. What was applied and wasn't there needs a second verb. */
export function rightsUsed(entries: readonly Entry[]): string[] {
  const rights = entries.flatMap(({ verb, objectRef, responseStatus }) => {
    if (objectRef === undefined) return [];
    const { resource, subresource, apiGroup } = objectRef;
    const what = [[resource, subresource].filter(Boolean).join("/"), apiGroup].filter(Boolean).join(".");
    const isNew = verb === "patch" && responseStatus?.code === 201;
    return [`${verb} ${what}`, ...(isNew ? [`create ${what}`] : [])];
  });
  return [...new Set(rights)].sort();
}
