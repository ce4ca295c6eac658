import { Side } from "../../assembly/decide/image.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import type { CompiledPolicy } from "../compile/compiled.ts";
import { PROTOCOLS } from "../compile/statement.ts";
import {
  commonFamily,
  decodePort,
  type FlowPort,
  type Found,
  type Problem,
  type Suggest,
} from "../explain/question.ts";
import { Answers } from "../offline/answers.ts";
import type { PolicyTest } from "./decode.ts";
import { Parties } from "./parties.ts";

export interface TestResult {
  readonly test: PolicyTest;
  readonly outcome: "passed" | "failed" | "error";
  /** Flows that were asked about. */
  readonly flows: number;
  /** A line for each flow that isn't as expected, or what is wrong with the test. */
  readonly complaints: readonly string[];
}

/** Runs policy tests against compiled overlays, by the image that a gateway would have. */
export class TestRunner {
  private readonly parties: Parties;
  private readonly answers = new Map<CompiledPolicy, Answers>();

  constructor(
    policies: readonly CompiledPolicy[],
    private readonly suggest: Suggest,
  ) {
    this.parties = new Parties(policies, suggest);
  }

  run(test: PolicyTest): TestResult {
    const error = (problem: string): TestResult => ({ test, outcome: "error", flows: 0, complaints: [problem] });
    const from = this.parties.matching(test.from);
    if ("problem" in from) return error(from.problem);
    const to = this.parties.matching(test.to);
    if ("problem" in to) return error(to.problem);
    const ports = to.map((destination) => this.portsOf(test, destination));
    const unknown = ports[0]?.find((port, i): port is Problem => ports.every((all) => "problem" in (all[i] as Asked)));
    if (unknown !== undefined) return error(unknown.problem);
    const complaints: string[] = [];
    let flows = 0;
    for (const source of from) {
      for (const [d, destination] of to.entries()) {
        // Among many the flow to oneself isn't meant.
        if (source.name === destination.name && from.length + to.length > 2) continue;
        for (const port of ports[d] as readonly Asked[]) {
          if ("problem" in port) continue;
          flows++;
          const complaint = this.complaint(test, source, destination, port);
          if (complaint !== undefined)
            complaints.push(`${source.name} -> ${destination.name} port ${port.number}/${port.protocol} ${complaint}`);
        }
      }
    }
    if (flows === 0) return error("no flow is left to ask about");
    return { test, outcome: complaints.length === 0 ? "passed" : "failed", flows, complaints };
  }

  /** Of several destinations those are asked at a named port that have one of that name. */
  private portsOf({ ports }: PolicyTest, destination: Found): readonly Asked[] {
    return ports.map((text) => decodePort(text, destination, this.suggest));
  }

  private complaint({ expect, via }: PolicyTest, from: Found, to: Found, port: FlowPort): string | undefined {
    const answer = this.answer(from, to, port);
    if (answer.allowed !== (expect === "allow")) return `is ${answer.allowed ? "allowed" : "denied"}: ${answer.reason}`;
    if (via === undefined || via.join() === answer.way.join()) return undefined;
    return `goes through ${answer.way.join(", ") || "no gateway"}, not through ${via.join(", ")}`;
  }

  private answer(from: Found, to: Found, { protocol, number }: FlowPort): Answer {
    const denied = (reason: string): Answer => ({ allowed: false, reason, way: [] });
    const policy = from.policy ?? to.policy;
    if (policy === undefined) return denied("neither is a member of an overlay");
    if (from.member !== undefined && from.member === to.member) return { allowed: true, reason: "itself", way: [] };
    if (to.policy !== undefined && to.policy !== policy) return denied("they are in different overlays");
    const addresses = commonFamily(from, to);
    if (addresses === undefined) return denied("they have no addresses of one family");
    const answers = this.answers.get(policy) ?? new Answers(policy);
    this.answers.set(policy, answers);
    const key = (PROTOCOLS[protocol] << 16) | number;
    const { verdict, way } = answers.ask(addresses.from, addresses.to, key, Side.Both);
    const [egress, ingress] = [Side.Egress, Side.Ingress].map((side) =>
      answers.ask(addresses.from, addresses.to, key, side),
    );
    const word = (answer: typeof egress) => (answer?.verdict === Verdict.Allow ? "allowed" : "denied");
    const reason = `egress ${word(egress)} by ${egress?.rule}, ingress ${word(ingress)} by ${ingress?.rule}`;
    return { allowed: verdict === Verdict.Allow, reason, way };
  }
}

type Asked = FlowPort | Problem;

interface Answer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly way: readonly string[];
}
