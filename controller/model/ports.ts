/** Port numbers that several parts must agree on. */

/** Where the endpoint proxy takes captured connections of its own apps. Never reachable from outside. */
export const OUTBOUND_PORT = 15041;
/** The tunnel: the only port of a node that the network may reach. */
export const TUNNEL_PORT = 15042;
/** The controller's image service. */
export const CONTROL_PORT = 15044;
/** Where the controller serves the filters' code; whoever takes it checks its digest. */
export const CODE_PORT = 15045;
/** Where each replica of the controller says how it is: /healthz, /readyz, /metrics. */
export const HEALTH_PORT = 15046;

/** SO_PRIORITY of Envoy's own connections, by which the capture rules leave them alone. */
export const HOP_PRIORITY = 5;
