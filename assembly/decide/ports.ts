/**
 * Ports of the proxies themselves, no flow's destination: ours (15041-15049) and Istio's (15000-15021, 15053, 15090,
 * istio.io "Ports used by Istio").
 */
export function isProxyPort(port: i32): bool {
  if (port >= 15000 && port <= 15021) return true;
  return (port >= 15041 && port <= 15049) || port == 15053 || port == 15090;
}
