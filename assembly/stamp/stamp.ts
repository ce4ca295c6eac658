import { Admission } from "../decide/admission.ts";
import { Side } from "../decide/image.ts";
import { Verdict } from "../decide/verdict.ts";
import { GatewayName } from "../flow/gateway-name.ts";
import { readConnection } from "../flow/facts.ts";
import { ascii, closeStream, Filter, setProperty, Stream } from "../host/proxy.ts";
import { nodeBytes, PluginConfig } from "../sync/config.ts";
import { FlowState } from "../sync/flows.ts";
import { nowMilliseconds, Plugin, vm } from "../sync/plugins.ts";
import { Report } from "../sync/report.ts";
import { Sync } from "../sync/sync.ts";

const STAMP: Uint8Array = ascii("sallyport_stamp");
const CLUSTER: Uint8Array = ascii("sallyport_cluster");
const DIRECT: Uint8Array = ascii("sallyport_direct");
const DIRECT_CLUSTER: Uint8Array = ascii("direct");
const TRUE: Uint8Array = ascii("true");
const ruleName: Uint8Array = new Uint8Array(256);

/** The sending endpoint: stamps an app's connection for the first gateway of its path, or closes it. */
export class Stamp extends Plugin {
  private readonly admission: Admission;
  private readonly report: Report = new Report("stamp");
  private readonly gateway: GatewayName = new GatewayName();

  constructor(root: u32, config: PluginConfig, sync: Sync) {
    super(root, config, sync);
    const self = new DataView(new ArrayBuffer(8));
    nodeBytes(config.nodeHex, self);
    this.admission = new Admission(sync.image, self);
  }

  connection(flow: i32): Filter {
    const verdict = readConnection(this.admission) ? this.admission.outbound() : Verdict.HostError;
    if (verdict != Verdict.Allow) return this.refuse(flow, verdict);
    const told = this.admission.outcome.direct ? this.sendDirect() : this.sendStamped(flow);
    return told ? Filter.Continue : this.refuse(flow, Verdict.HostError);
  }

  /** Connections are never held: an app's first packet to an unknown address isn't for the overlay. */
  resume(context: u32, flow: i32, final: bool): bool {
    return false;
  }

  stillAllowed(flow: i32): bool {
    return this.admission.stillAllows(vm.flows.view, flow, Side.Egress, (nowMilliseconds() / 1000) as u32);
  }

  stream(): Stream {
    return Stream.Downstream;
  }

  private sendDirect(): bool {
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
    return true;
  }

  /** In onNewConnection, before a byte passes: a server that speaks first must not be heard. */
  private refuse(flow: i32, verdict: Verdict): Filter {
    vm.flows.setState(flow, FlowState.Refused);
    this.report.count(verdict);
    const facts = this.admission.facts;
    if (this.report.begin(verdict, facts.now)) {
      const line = this.report.line.text(" source=").address(facts.peerAddress, 0);
      line.text(" destination=").untrusted(facts.authority, facts.authorityLength);
      if (verdict == Verdict.PolicyEgress) line.text(" rule=\"").printable(ruleName, this.admission.copyRule(verdict, ruleName)).text("\"");
      this.report.end();
    }
    closeStream(Stream.Downstream);
    return Filter.Pause;
  }
}
