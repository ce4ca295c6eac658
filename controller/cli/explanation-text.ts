import type { ConsideredPolicy } from "../explain/considered.ts";
import type { ExplainedChange, ExplainedSide, Explanation } from "../explain/explain.ts";
import type { Hop } from "../explain/trace.ts";
import type { Terminal } from "./terminal.ts";

type Paint = Pick<Terminal, "style">;

/** An explanation for people. */
export function explanationText(explanation: Explanation, terminal: Paint): string {
  const { from, to, protocol, port, verdict, reason } = explanation;
  const answer =
    verdict === "allowed" ? terminal.style(["bold", "green"], "ALLOWED") : terminal.style(["bold", "red"], "DENIED");
  const flow = `${named(from)} -> ${named(to)} port ${port}/${protocol}`;
  const lines = [`${answer}  ${flow}`, `  ${sentence(reason, explanation)}`];
  if (reason !== "self") lines.push("", ...facts(explanation), ...heard(explanation));
  if (explanation.changes.length > 0)
    lines.push("", "What would have to change:", ...explanation.changes.flatMap(change));
  return lines.join("\n");
}

const named = ({ name, address }: { name: string; address: string }) =>
  name === address ? name : `${name} (${address})`;

/** One sentence per reason; the names of stamp refusals can't come up here, because every stamp is good. */
function sentence(reason: string, { from, to, port, overlay, protocol }: Explanation): string {
  switch (reason) {
    case "allow":
      return "Both sides allow it.";
    case "self":
      return "An endpoint always reaches itself, without any gateway.";
    case "direct":
      return `${to.name} is no member of overlay ${overlay}, so the flow leaves ${from.name} directly: the overlay neither carries nor checks it.`;
    case "policy-egress":
      return `The egress policy of ${from.name} denies it.`;
    case "policy-ingress":
      return `The ingress policy of ${to.name} denies it.`;
    case "path-conflict":
      return "Policies of both sides send it by gateways of their own, and it can't pass both.";
    case "image-invalid":
      return "The gateways that it would have to pass aren't there: see what was rejected.";
    case "unknown-source":
      return `${from.name} is no member of overlay ${overlay}: it holds no authorization key, so no gateway lets it in.`;
    case "unknown-destination":
      return `${to.name} is no member of overlay ${overlay}, which sends all traffic through gateways (interception: All).`;
    case "other-overlay":
      return `${to.name} is a member of another overlay than ${from.name}: no gateway connects the two.`;
    case "not-carried":
      return `The overlay carries TCP only: no ${protocol} flow gets through.`;
    case "destination-forbidden":
      return `Nobody may reach ${to.address} port ${port} through the overlay: the address is special or the port is the proxies' own.`;
    default:
      return `Refused: ${reason}.`;
  }
}

/** Reasons that leave policy no say: what it would say is still worth knowing. */
const ASIDE: ReadonlySet<string> = new Set([
  "direct",
  "unknown-source",
  "unknown-destination",
  "other-overlay",
  "not-carried",
]);

function facts({ egress, ingress, from, to, hops, reason }: Explanation): string[] {
  const rows: [string, string][] = [
    [`egress of ${from.name}`, sideText(egress)],
    ...auditRow(egress),
    [`ingress of ${to.name}`, sideText(ingress)],
    ...auditRow(ingress),
  ];
  if (hops.length > 1 || reason === "policy-egress") rows.push(["way", hops.map(hopText).join(" -> ")]);
  const width = Math.max(...rows.map(([label]) => label.length));
  const heading = ASIDE.has(reason) ? ["  Policy, which has no say here:"] : [];
  return [...heading, ...rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`)];
}

const WOULD = { allowed: "allow it", denied: "deny it", rerouted: "send it by other gateways" } as const;

function auditRow({ audited }: ExplainedSide): [string, string][] {
  if (audited === undefined) return [];
  const rule = audited.rule === "default deny" ? "the overlay's default" : audited.rule;
  return [["", `audited: ${rule} would ${WOULD[audited.verdict]}`]];
}

function hopText({ node, verdict }: Hop): string {
  return verdict === "allow" ? node : `${node} (refuses: ${verdict})`;
}

function sideText({ verdict, rule, policy }: ExplainedSide): string {
  if (policy !== undefined) {
    const place = `(${policy.file}:${policy.line})`;
    if (verdict === "allowed") return `allowed by ${rule}  ${place}`;
    const isRule = !rule.startsWith("NetworkPolicy ");
    return `denied${isRule ? ` by ${rule}` : `: ${rule} isolates it and has no rule for this flow`}  ${place}`;
  }
  if (rule === "default deny") return "denied: no policy selects it, and the overlay denies by default";
  if (rule === "default allow") return "allowed: no policy selects it, and the overlay allows by default";
  if (rule === "unreadable object") return "denied: an object with its address can't be read";
  if (rule === "audited overlay") return "allowed: the overlay only audits";
  return `${verdict}: it is outside the overlay`;
}

/** Which policies matter and which would have, where there is more than one. */
function heard({ policies, from, to }: Explanation): string[] {
  const side = (title: string, all: readonly ConsideredPolicy[]): string[] => {
    if (all.filter(({ kind }) => kind !== "Overlay").length < 2) return [];
    const width = Math.max(...all.map((policy) => policyText(policy).length));
    return ["", `  ${title}, in the order they are asked:`, ...all.map((policy) => heardText(policy, width))];
  };
  return [
    ...side(`Policies about egress of ${from.name}`, policies.egress),
    ...side(`Policies about ingress of ${to.name}`, policies.ingress),
  ];
}

function policyText({ kind, name, rule }: ConsideredPolicy): string {
  if (kind === "Overlay") return "the overlay's default";
  return `${kind} ${name}${rule === "" ? "" : ` ${rule}`}`;
}

function heardText(policy: ConsideredPolicy, width: number): string {
  const { kind, file, line } = policy;
  const place = kind === "Overlay" ? "" : `  (${file}:${line})`;
  return `    ${policyText(policy).padEnd(width)}  ${roleText(policy)}${place}`;
}

function roleText({ says, role }: ConsideredPolicy): string {
  const word = { allow: "allows", deny: "denies", pass: "passes on", nothing: "no rule for this flow" }[says];
  switch (role) {
    case "decides":
      return `decides: ${word}`;
    case "agrees":
      return `${word} too`;
    case "would":
      return `would have ${{ allow: "allowed", deny: "denied", pass: "passed on", nothing: "" }[says]}`;
    case "skipped":
      return `not asked: ${word}, but another passed the flow on`;
    case "audit":
      return `audit only: ${word}`;
    default:
      return word;
  }
}

function change({ direction, subject, denials, obstacles, isDefault }: ExplainedChange): string[] {
  const other = direction === "egress" ? "destination" : "source";
  const lines = denials.map(
    (policy) =>
      `  ${direction} of ${subject}: ${policyText(policy)} denies it  (${policy.file}:${policy.line}): narrow it, or allow this ${other} and port before it`,
  );
  if (isDefault)
    lines.push(`  ${direction} of ${subject}: a NetworkPolicy that selects it and allows this ${other} and port`);
  if (obstacles.length === 0) return lines;
  return [
    ...lines,
    `  ${direction} of ${subject}: one rule that allows this ${other} and port, in any of`,
    ...obstacles.flatMap(({ policy, file, line, rules }) => [
      `    NetworkPolicy ${policy}  (${file}:${line})${rules.length === 0 ? ": has no rules" : ""}`,
      ...rules.map(({ rule, peer, port }) => `      ${rule} allows ${missText(peer, port)}`),
    ]),
  ];
}

function missText(peer: string | undefined, port: string | undefined): string {
  const parts = [...(peer === undefined ? [] : [`only ${peer}`]), ...(port === undefined ? [] : [`only ${port}`])];
  return parts.length > 0 ? parts.join("; ") : "this flow, but is not in force: see what was rejected";
}
