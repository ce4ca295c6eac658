import { Side } from "../decide/image.ts";
import { Verdict } from "../decide/verdict.ts";
import { readConnection } from "../flow/facts.ts";
import { GatewayName } from "../flow/gateway-name.ts";
import { ascii, closeStream, defineMetric, Filter, increment, Metric, Stream, setProperty } from "../host/proxy.ts";
import { PluginConfig } from "../sync/config.ts";
import { FlowState } from "../sync/flows.ts";
import { Plugin } from "../sync/plugin.ts";
import { Sync } from "../sync/sync.ts";
import { vm } from "../sync/vm.ts";

const STAMP: Uint8Array = ascii("sallyport_stamp");
const CLUSTER: Uint8Array = ascii("sallyport_cluster");
const DIRECT: Uint8Array = ascii("sallyport_direct");
const DIRECT_CLUSTER: Uint8Array = ascii("sallyport-direct");
const TRUE: Uint8Array = ascii("true");

/** The sending endpoint: stamps an app's connection for the first gateway of its path, or closes it. */
export class Stamp extends Plugin {
  private readonly gateway: GatewayName = new GatewayName();
  private readonly directs: u32 = defineMetric(Metric.Counter, ascii("sallyport.stamp.direct"));

  constructor(root: u32, config: PluginConfig, sync: Sync) {
    super(root, config, sync, "stamp", Side.Egress);
  }

  connection(flow: i32): Filter {
    const verdict = readConnection(this.admission) ? this.admission.outbound() : Verdict.HostError;
    if (verdict != Verdict.Allow) return this.refuse(flow, verdict);
    const told = this.admission.outcome.direct ? this.sendDirect() : this.sendStamped(flow);
    return told ? Filter.Continue : this.refuse(flow, Verdict.HostError);
  }

  /** Connections are never held: an app's first packet to an unknown address isn't for the overlay. */
  resume(_flow: i32, _final: bool): Verdict {
    return Verdict.Undecided;
  }

  stream(): Stream {
    return Stream.Downstream;
  }

  /** No verdict: the overlay has no part in it. Whether it arrives is up to the guard there, if there is one. */
  private sendDirect(): bool {
    increment(this.directs);
    return setProperty(CLUSTER, DIRECT_CLUSTER, DIRECT_CLUSTER.length) && setProperty(DIRECT, TRUE, TRUE.length);
  }

  private sendStamped(flow: i32): bool {
    const outcome = this.admission.outcome;
    const length = this.gateway.write(this.admission.audienceNode());
    if (!setProperty(CLUSTER, this.gateway.bytes, length)) return false;
    if (!setProperty(STAMP, outcome.header, outcome.header.length)) return false;
    vm.flows.setState(flow, FlowState.Live);
    this.admission.remember(vm.flows.view, flow);
    this.report.count(Verdict.Allow);
    this.audit();
    return true;
  }

  private audit(): void {
    this.report.audited(this.admission.outcome.audit, this.admission, this.admission.facts.peerAddress, 0);
  }

  /** In onNewConnection, before a byte passes: a server that speaks first must not be heard. */
  private refuse(flow: i32, verdict: Verdict): Filter {
    vm.flows.setState(flow, FlowState.Refused);
    this.report.count(verdict);
    const facts = this.admission.facts;
    const line = this.report.refused(verdict, facts.now);
    if (line !== null) {
      line.text(" source=").address(facts.peerAddress, 0);
      line.text(" destination=").untrusted(facts.authority, facts.authorityLength);
      this.report.end(verdict, this.admission);
    }
    if (verdict == Verdict.PolicyEgress) this.audit();
    closeStream(Stream.Downstream);
    return Filter.Pause;
  }
}
