/** The nodes that this machine runs for an overlay, each with everything its Envoy's bootstrap says. */
import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../compile/compiled.ts";
import { hexId } from "../model/hex.ts";
import { CONTROL_PORT } from "../model/ports.ts";
import { endpointBootstrap, gatewayBootstrap, type NodeSettings } from "./bootstrap.ts";
import { gatewayRefs } from "./clusters.ts";
import { fileSecrets, type JsonObject } from "./envoy.ts";
import { trustDomainsOf } from "./gateway.ts";

export interface NodePlan {
  /** Unique on the machine: an endpoint's name, or `gateway-0` for the first replica of a group. */
  readonly name: string;
  readonly role: "endpoint" | "gateway";
  /** 16 hex digits; the replicas of a gateway share it. */
  readonly nodeId: string;
  readonly identity: string;
  /** Canonical, without port. */
  readonly addresses: readonly string[];
  readonly concurrency: number;
  /** Path of the Unix socket of Envoy's admin interface. */
  readonly adminSocket: string;
  readonly bootstrap: JsonObject;
}

/** Paths and names that only the machine knows. */
export interface MachineSettings {
  /** Absolute folder of a node's own files. */
  nodeFolder(name: string): string;
  /** Path of a node's admin socket. */
  adminSocket(name: string): string;
  /** Path of `endpoint.wasm` and `gateway.wasm`. */
  code(role: "endpoint" | "gateway"): string;
  /** Address of the controller as nodes reach it, without port. */
  readonly controlAddress: string;
  readonly controlIdentity: string;
  readonly maxHeapBytes: number;
  /** The Envoy has settings for stream resets (since 1.39.3). */
  readonly resetLimits: boolean;
  /** Without network namespaces. */
  readonly flat: boolean;
}

/** Plans for all local nodes: gateways first, because endpoints look for them as soon as they start; then by name. */
export function planNodes(policy: CompiledPolicy, machine: MachineSettings): NodePlan[] {
  const endpoints = policy.endpoints.flatMap((member) =>
    member.endpoint.local ? [endpointPlan(policy, member, machine)] : [],
  );
  const gateways = policy.gateways.flatMap((group) =>
    group.gateway.local ? gatewayPlans(policy, group, machine) : [],
  );
  return [...gateways, ...endpoints];
}

function endpointPlan(policy: CompiledPolicy, member: CompiledEndpoint, machine: MachineSettings): NodePlan {
  const { endpoint } = member;
  const nodeId = hexId(member.id);
  const settings = nodeSettings("endpoint", endpoint.name, nodeId, policy, endpoint.addresses, machine);
  return {
    name: endpoint.name,
    role: "endpoint",
    nodeId,
    identity: endpoint.identity,
    addresses: endpoint.addresses,
    concurrency: endpoint.local?.concurrency ?? 1,
    adminSocket: settings.adminSocket,
    bootstrap: endpointBootstrap({
      ...settings,
      gateways: gatewayRefs(policy.gateways),
    }),
  };
}

function gatewayPlans(policy: CompiledPolicy, group: CompiledGateway, machine: MachineSettings): NodePlan[] {
  const nodeId = hexId(group.id);
  const index = policy.gateways.indexOf(group);
  const neighbours = gatewayRefs(policy.gateways.filter((other) => other !== group));
  const identities = policy.endpoints.map(({ endpoint }) => endpoint.identity);
  const trustDomains = trustDomainsOf([...identities, group.gateway.identity]);
  const followsGateway = policy.paths.some(({ gateways }) => gateways.indexOf(index) > 0);
  return group.gateway.addresses.map((address, replica) => {
    const name = `${group.gateway.name}-${replica}`;
    const host = hostOf(address);
    const settings = nodeSettings("gateway", name, nodeId, policy, [host], machine);
    return {
      name,
      role: "gateway",
      nodeId,
      identity: group.gateway.identity,
      addresses: [host],
      concurrency: group.gateway.local?.concurrency ?? 1,
      adminSocket: settings.adminSocket,
      bootstrap: gatewayBootstrap({ ...settings, neighbours, trustDomains, followsGateway }),
    };
  });
}

function nodeSettings(
  role: "endpoint" | "gateway",
  name: string,
  nodeId: string,
  policy: CompiledPolicy,
  listen: readonly string[],
  machine: MachineSettings,
): NodeSettings {
  const folder = machine.nodeFolder(name);
  return {
    name,
    nodeId,
    overlayId: policy.overlay.id,
    control: { address: withPort(machine.controlAddress, CONTROL_PORT), identity: machine.controlIdentity },
    tls: fileSecrets(`${folder}/tls/sds-cert.json`, `${folder}/tls/sds-root.json`),
    adminSocket: machine.adminSocket(name),
    code: machine.code(role),
    listen,
    maxHeapBytes: machine.maxHeapBytes,
    resetLimits: machine.resetLimits,
    flat: machine.flat,
  };
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

function withPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
