import { Side } from "../../assembly/decide/image.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { ConnectPlugin } from "../../assembly/flow/connect-plugin.ts";
import { GatewayName } from "../../assembly/flow/gateway-name.ts";
import { STAMP_HEADER } from "../../assembly/flow/request-headers.ts";
import { ascii, replaceRequestHeader, setProperty } from "../../assembly/host/proxy.ts";
import { PluginConfig } from "../../assembly/sync/config.ts";
import { Sync } from "../../assembly/sync/sync.ts";
import { NONE } from "../../assembly/wire/image.ts";

const HOP: Uint8Array = ascii("sallyport_hop");
const IDENTITY: Uint8Array = ascii("sallyport_identity");
const CLUSTER: Uint8Array = ascii("sallyport_cluster");
const TUNNEL_PORT: Uint8Array = ascii(":15042");

/** The SaP: verifies the stamp, decides the flow both ways and stamps it for the next hop, which it alone names. */
export class Gate extends ConnectPlugin {
  private readonly gateway: GatewayName = new GatewayName();
  private readonly hop: Uint8Array = new Uint8Array(64);

  constructor(root: u32, config: PluginConfig, sync: Sync) {
    super(root, config, sync, "gate", Side.Both);
  }

  decide(): Verdict {
    return this.admission.transit();
  }

  enact(): bool {
    const outcome = this.admission.outcome;
    if (!replaceRequestHeader(STAMP_HEADER, outcome.header, outcome.header.length)) return false;
    return outcome.nextGateway == NONE ? this.towardsEndpoint() : this.towardsGateway();
  }

  private towardsGateway(): bool {
    return setProperty(CLUSTER, this.gateway.bytes, this.gateway.write(this.admission.audienceNode()));
  }

  /** The destination's own proxy, which must show the destination's SPIFFE id. */
  private towardsEndpoint(): bool {
    const hostLength = this.admission.to.hostLength;
    for (let i = 0; i < hostLength; i++) this.hop[i] = this.admission.facts.authority[i];
    for (let i = 0; i < TUNNEL_PORT.length; i++) this.hop[hostLength + i] = TUNNEL_PORT[i];
    const outcome = this.admission.outcome;
    return (
      setProperty(HOP, this.hop, hostLength + TUNNEL_PORT.length) &&
      setProperty(IDENTITY, outcome.identity, outcome.identityLength)
    );
  }
}
