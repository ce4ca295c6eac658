/** The ways from the client to the server that are compared. */

export type VariantKind =
  /** No proxy at all. */
  | "direct"
  /** Two `tcp_proxy` with mutual TLS for each flow, as sidecars of a mesh do it. */
  | "pair"
  /** Endpoint, gateway, endpoint without filters. */
  | "plain"
  /** The same with Wasm filters that do nothing. */
  | "noop"
  /** The same with Sallyport's filters. */
  | "sallyport"
  /** The same with native RBAC at the gateway. */
  | "rbac";

export interface Variant {
  /** Unique; `sallyport-1000` has 1,000 policies. */
  readonly name: string;
  readonly label: string;
  readonly kind: VariantKind;
  /** In the world around the client and the server. */
  readonly policies: number;
}

const POLICIES = [10, 1000, 10_000];

export const DIRECT = "direct";
export const PAIR = "pair";
export const PLAIN = "plain";
export const NOOP = "noop";
/** The variant that stands for Sallyport where the number of policies is not the question. */
export const SALLYPORT = "sallyport-1000";

export const VARIANTS: readonly Variant[] = [
  { name: DIRECT, label: "direct, no proxy", kind: "direct", policies: 0 },
  { name: PAIR, label: "two tcp_proxy, mTLS per flow", kind: "pair", policies: 0 },
  { name: PLAIN, label: "same Envoys, no filters", kind: "plain", policies: 10 },
  { name: NOOP, label: "Wasm filters that do nothing", kind: "noop", policies: 10 },
  ...POLICIES.map(
    (policies): Variant => ({
      name: `sallyport-${policies}`,
      label: `Sallyport, ${count(policies)} policies`,
      kind: "sallyport",
      policies,
    }),
  ),
  ...POLICIES.map(
    (policies): Variant => ({
      name: `rbac-${policies}`,
      label: `Envoy RBAC, ${count(policies)} policies`,
      kind: "rbac",
      policies,
    }),
  ),
];

export function count(value: number): string {
  return value.toLocaleString("en-US");
}
