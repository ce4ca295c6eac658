import type { CompiledPolicy } from "../compile/compiled.ts";
import type { Protocol } from "../model/resources.ts";

export interface MatrixPort {
  readonly protocol: Protocol;
  readonly port: number;
}

const PROTOCOLS: readonly Protocol[] = ["TCP", "UDP", "SCTP"];

/** Ports such as `TCP/80,udp/53,8080`, in their order, or what is wrong with the text. */
export function decodePorts(text: string): readonly MatrixPort[] | { readonly problem: string } {
  const ports: MatrixPort[] = [];
  for (const part of text.split(",").map((one) => one.trim())) {
    const port = decodePort(part);
    if (port === undefined)
      return { problem: `${part || "an empty text"} is not a port: write ports such as TCP/80,UDP/53` };
    if (!ports.some((one) => isSame(one, port))) ports.push(port);
  }
  return ports;
}

/** The ports that members declare, by protocol and number; TCP/80 if none does. */
export function declaredPorts({ endpoints }: CompiledPolicy): readonly MatrixPort[] {
  const declared = new Map<string, MatrixPort>();
  for (const { protocol, port } of endpoints.flatMap(({ endpoint }) => endpoint.ports))
    declared.set(portText({ protocol, port }), { protocol, port });
  if (declared.size === 0) return [{ protocol: "TCP", port: 80 }];
  const place = ({ protocol, port }: MatrixPort) => PROTOCOLS.indexOf(protocol) * 65536 + port;
  return [...declared.values()].sort((a, b) => place(a) - place(b));
}

export function portText({ protocol, port }: MatrixPort): string {
  return `${protocol}/${port}`;
}

/** `TCP/80`, `80/tcp` or `80`. */
function decodePort(text: string): MatrixPort | undefined {
  const parts = text.toUpperCase().split("/");
  const protocol = PROTOCOLS.find((known) => parts.includes(known));
  const [number, ...more] = parts.filter((part) => part !== protocol);
  if (number === undefined || more.length > 0 || parts.length > 2 || !/^[1-9][0-9]{0,4}$/.test(number))
    return undefined;
  return Number(number) > 65535 ? undefined : { protocol: protocol ?? "TCP", port: Number(number) };
}

function isSame(a: MatrixPort, b: MatrixPort): boolean {
  return a.protocol === b.protocol && a.port === b.port;
}
