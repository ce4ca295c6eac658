/** The condition Programmed of an overlay or a gateway. Pure. */
import type { Finding } from "../kube/conditions.ts";
import type { Unapplied } from "./applier.ts";
import type { Progress } from "./leader.ts";

/** Of several troubles as many are named. */
const NAMED_MAX = 3;

/** `problem`: why there are no keys. `unapplied`: objects that the overlay's namespaces lack. */
export function programmed(
  { nodes, current, newest }: Progress,
  problem: string | undefined,
  unapplied: readonly Unapplied[],
): Finding {
  if (problem !== undefined) return { status: "False", reason: "NoKey", message: problem };
  if (unapplied.length > 0) return { status: "False", reason: "NotApplied", message: namedOf(unapplied) };
  if (nodes === 0) return { status: "Unknown", reason: "NoNodes", message: "it has no nodes" };
  const generation = `${newest >> 32n}.${newest & 0xffffffffn}`;
  const message = `${current} of ${nodes} nodes run generation ${generation}`;
  return current === nodes
    ? { status: "True", reason: "Programmed", message }
    : { status: "False", reason: "Programming", message };
}

function namedOf(unapplied: readonly Unapplied[]): string {
  const named = unapplied.slice(0, NAMED_MAX).map(({ message }) => message);
  const more = unapplied.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}
