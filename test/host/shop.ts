/** The world of `shop.yaml`, compiled, and the images and keys of its nodes. */
import { readFileSync } from "node:fs";
import type { KeyPurpose } from "../../assembly/wire/image.ts";
import { compile } from "../../controller/compile/compile.ts";
import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../../controller/compile/compiled.ts";
import { pathId } from "../../controller/compile/ids.ts";
import { encodeImage } from "../../controller/image/encode.ts";
import { KeyRing } from "../../controller/image/keys.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import { Secret } from "../../controller/keys/secret.ts";
import { hexId } from "../../controller/model/hex.ts";
import type { Overlay, World } from "../../controller/model/resources.ts";
import type { FlowPolicy } from "../../controller/model/tiers.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import { sha256 } from "./decisions.ts";

export const MASTER = new Secret(Uint8Array.from({ length: 32 }, (_, i) => i));
export const EPOCH_SECONDS = 3600;
/** 2026-01-01 00:30:00 UTC: the middle of an epoch. */
export const START_SECONDS = 1_767_227_400;

export type Node = CompiledEndpoint | CompiledGateway;
export type Role = "stamp" | "verify" | "gate";

/** What may differ from the shop as it is written. */
export interface ShopEdit {
  readonly overlay?: Partial<Overlay>;
  readonly keyGeneration?: number;
  /** Endpoints and policies that aren't there. */
  readonly without?: readonly string[];
  /** Gateways that FlowPolicies make web's flows to api pass, by the side that says so; audited or not. */
  readonly via?: { readonly egress?: readonly string[]; readonly ingress?: readonly string[]; readonly audit?: true };
  /** Endpoints that have each other's addresses. */
  readonly swapped?: readonly [string, string];
  /** Only the overlay's default path; else there are two more: edge-c edge-b, and edge-c alone. */
  readonly onePath?: true;
}

/** What an image may say besides. */
export interface IssueOptions {
  readonly term?: number;
  readonly sequence?: number;
  /** Unix seconds at which it is made: from the epoch before it has keys. */
  readonly at?: number;
  /** Unix seconds; by default when its keys run out. */
  readonly notAfter?: number;
  readonly withoutKeys?: KeyPurpose;
  /** Whose keys it has. */
  readonly master?: Secret;
}

const shops = new Map<string, Shop>();

/** The shop, compiled once for each edit. */
export function shopWith(edit: ShopEdit = {}): Shop {
  const key = JSON.stringify(edit);
  const known = shops.get(key) ?? new Shop(edit);
  shops.set(key, known);
  return known;
}

export class Shop {
  readonly policy: CompiledPolicy;
  private readonly prepared;

  constructor(edit: ShopEdit) {
    const { policy, rejections } = compile(editedWorld(edit), "shop");
    if (rejections.length > 0) throw new Error(JSON.stringify(rejections));
    this.policy = edit.onePath ? policy : withMorePaths(policy);
    this.prepared = prepareImages(this.policy, sha256);
  }

  node(name: string): Node {
    const gateway = this.policy.gateways.find((candidate) => candidate.gateway.name === name);
    const found = gateway ?? this.policy.endpoints.find(({ endpoint }) => endpoint.name === name);
    if (found === undefined) throw new Error(`the shop has no ${name}`);
    return found;
  }

  identity(name: string): string {
    const node = this.node(name);
    return "gateway" in node ? node.gateway.identity : node.endpoint.identity;
  }

  /** Id of the path through these gateways. */
  path(...gateways: string[]): number {
    return pathId(gateways.map((name) => this.node(name).id));
  }

  /** The image of a node. */
  image(
    name: string,
    { term = 1, sequence = 1, at = START_SECONDS, notAfter, withoutKeys, master = MASTER }: IssueOptions = {},
  ): Uint8Array {
    const node = this.node(name);
    const ring = new KeyRing(this.policy, master);
    const epoch = Math.floor(at / EPOCH_SECONDS);
    const keys = ring.keysOf(node, epoch).filter(({ purpose }) => purpose !== withoutKeys);
    return encodeImage(this.prepared, node, { term, sequence, notAfter: notAfter ?? ring.notAfter(epoch), keys });
  }

  /** The configuration of a node's plugin. */
  configuration(name: string, role: Role): string {
    return `role=${role}\noverlay=${this.policy.overlay.id}\nnode=${hexId(this.node(name).id)}\ncontrol=control`;
  }
}

function editedWorld({ overlay, keyGeneration, without = [], via = {}, swapped }: ShopEdit): World {
  const text = readFileSync(new URL("shop.yaml", import.meta.url), "utf8");
  const { world, rejections, unreadable } = decodeWorld([{ file: "shop.yaml", text }]);
  const complaints = [...unreadable, ...rejections];
  if (complaints.length > 0) throw new Error(JSON.stringify(complaints));
  const isThere = ({ name }: { name: string }) => !without.includes(name);
  return {
    ...world,
    overlays: world.overlays.map((written) => {
      const keys = { ...written.keys, ...overlay?.keys, ...(keyGeneration !== undefined && { keyGeneration }) };
      return { ...written, ...overlay, keys };
    }),
    endpoints: world.endpoints.filter(isThere).map((endpoint) => {
      const other = swapped?.includes(endpoint.name) ? swapped.find((name) => name !== endpoint.name) : undefined;
      const { addresses } = world.endpoints.find(({ name }) => name === other) ?? endpoint;
      return { ...endpoint, addresses };
    }),
    policies: world.policies.filter(isThere),
    flowPolicies: (["egress", "ingress"] as const).flatMap((side) =>
      via[side] ? [wayOf(side, via[side], via.audit)] : [],
    ),
  };
}

function wayOf(side: "egress" | "ingress", via: readonly string[], audit = false): FlowPolicy {
  const pods = (name: string) => ({
    namespaceSelector: { requirements: [] },
    podSelector: { requirements: [{ key: "app", operator: "In" as const, values: [name] }] },
  });
  const [subject, peer] = side === "egress" ? ["web", "api"] : ["api", "web"];
  return {
    origin: { file: "via.yaml", line: 1, kind: "FlowPolicy", name: side },
    name: side,
    ...(audit && { enforcement: "Audit" }),
    overlay: "shop",
    priority: 10,
    subject: pods(subject as string),
    directions: [side],
    action: "Allow",
    peers: [{ kind: "pods", ...pods(peer as string) }],
    via,
  };
}

function withMorePaths(policy: CompiledPolicy): CompiledPolicy {
  const [, b, c] = policy.gateways as [CompiledGateway, CompiledGateway, CompiledGateway];
  const more = [
    { id: pathId([c.id, b.id]), gateways: [2, 1] },
    { id: pathId([c.id]), gateways: [2] },
  ];
  return { ...policy, paths: [...policy.paths, ...more] };
}
