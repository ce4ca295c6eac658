import { type Image, Side } from "../../assembly/decide/image.ts";
import type { Verdict } from "../../assembly/decide/verdict.ts";
import type { CompiledPolicy } from "../compile/compiled.ts";
import { parseAddress } from "../model/address.ts";
import { gatewayImage } from "./decider.ts";

export interface Answer {
  readonly verdict: Verdict;
  /** The rule that decided; of both sides, that of ingress. */
  readonly rule: string;
  /** Gateways that the flow would pass, in this order. */
  readonly way: readonly string[];
}

/** What policy says to flows, by the image that a gateway would have. */
export class Answers {
  private readonly image: Image;
  private readonly ways: readonly (readonly string[])[];
  private readonly name = new Uint8Array(1024);

  constructor(policy: CompiledPolicy) {
    this.image = gatewayImage(policy);
    const names = policy.gateways.map(({ gateway }) => gateway.name);
    this.ways = policy.paths.map(({ gateways }) => gateways.map((index) => names[index] as string));
  }

  /** Addresses as text; the key is `protocol << 16 | port`. */
  ask(from: string, to: string, key: number, side: Side): Answer {
    const verdict = this.image.decide(this.classOf(from), this.classOf(to), key, side);
    const rule = side === Side.Egress ? this.image.egressRule : this.image.ingressRule;
    const length = this.image.copyRule(rule, this.name);
    const way = this.ways[this.image.path] ?? [];
    return { verdict, rule: new TextDecoder().decode(this.name.subarray(0, length)), way };
  }

  private classOf(address: string): number {
    return this.image.classOf(new DataView((parseAddress(address) as Uint8Array).buffer), 0);
  }
}
