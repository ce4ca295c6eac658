/** The NetworkPolicy truth tables of `test/vectors/networkpolicy`; its README says how to read them. */
import { readFileSync } from "node:fs";

export interface Case {
  readonly case: number;
  readonly description: string;
  readonly steps: Step[];
}

/** One world, and who reaches whom in it. */
export interface Step {
  readonly namespaces: Record<string, Record<string, string>>;
  readonly pods: { namespace: string; name: string; ip: string; labels: Record<string, string> }[];
  /** `TCP/80`: name of the port. */
  readonly podPorts: Record<string, string>;
  readonly policies: { metadata: { name: string; namespace: string } }[];
  readonly order: string[];
  /** By `TCP/80`: a line for each source, a character for each destination. */
  readonly expected: Record<string, Record<"ingress" | "egress" | "combined", string[]>>;
}

const path = new URL("../vectors/networkpolicy/cases.json", import.meta.url);

export const truthTables = JSON.parse(readFileSync(path, "utf8")) as Case[];
