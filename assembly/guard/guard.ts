import { Side } from "../decide/image.ts";
import { inboundVerdict } from "../decide/inbound.ts";
import { Verdict } from "../decide/verdict.ts";
import { readConnection } from "../flow/facts.ts";
import { Line } from "../host/line.ts";
import { ascii, closeStream, Filter, property, Stream } from "../host/proxy.ts";
import { PluginConfig } from "../sync/config.ts";
import { FlowState } from "../sync/flows.ts";
import { Plugin } from "../sync/plugin.ts";
import { Sync } from "../sync/sync.ts";
import { vm } from "../sync/vm.ts";
import { equalBytes } from "../wire/bytes.ts";
import { Destination } from "../wire/destination.ts";

const destination: Destination = new Destination();
/** As istio-agent puts the pod's labels into Envoy's node: from the API server. */
const LABEL: Uint8Array = ascii("xds\0node\0metadata\0LABELS\0sallyport.dev/overlay");
const OPTED_OUT: Uint8Array = ascii("none");

/** A mesh sidecar's inbound listener: refuses what came past the tunnel. It needs no image. */
export class Guard extends Plugin {
  /** Its pod stays outside of the overlay, and may. */
  private readonly isOutside: bool;

  constructor(root: u32, config: PluginConfig, sync: Sync) {
    super(root, config, sync, "guard", Side.Ingress);
    this.isOutside = config.mayOptOut && hasOptedOut();
  }

  /** In onNewConnection, before a byte passes: a server that speaks first must not be heard. */
  connection(flow: i32): Filter {
    if (this.isOutside) return Filter.Continue;
    const verdict = readConnection(this.admission) ? this.decide() : Verdict.HostError;
    if (verdict == Verdict.NotTunnelled && this.config.audits) return this.audit(verdict);
    this.report.count(verdict);
    if (verdict == Verdict.Allow) return Filter.Continue;
    vm.flows.setState(flow, FlowState.Refused);
    this.log(verdict);
    closeStream(Stream.Downstream);
    return Filter.Pause;
  }

  /** Connections are never held. */
  resume(_flow: i32, _final: bool): Verdict {
    return Verdict.Undecided;
  }

  stream(): Stream {
    return Stream.Downstream;
  }

  private decide(): Verdict {
    const facts = this.admission.facts;
    if (!destination.decode(facts.authority, 0, facts.authorityLength)) return Verdict.HostError;
    return inboundVerdict(facts.peerAddress, destination.address);
  }

  private audit(verdict: Verdict): Filter {
    this.report.count(Verdict.Allow);
    const line = this.report.wouldRefuse(verdict, this.admission.facts.now);
    if (line !== null) {
      this.addEnds(line);
      this.report.endAudit();
    }
    return Filter.Continue;
  }

  private log(verdict: Verdict): void {
    const line = this.report.refused(verdict, this.admission.facts.now);
    if (line === null) return;
    this.addEnds(line);
    this.report.end(verdict, this.admission);
  }

  private addEnds(line: Line): void {
    const facts = this.admission.facts;
    line.text(" source=").address(facts.peerAddress, 0);
    line.text(" destination=").untrusted(facts.authority, facts.authorityLength);
  }
}

function hasOptedOut(): bool {
  const value = new Uint8Array(OPTED_OUT.length);
  return property(LABEL, value) == OPTED_OUT.length && equalBytes(value, 0, OPTED_OUT, 0, OPTED_OUT.length);
}
