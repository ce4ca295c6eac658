import { Admission } from "../decide/admission.ts";
import { Side } from "../decide/image.ts";
import { Verdict } from "../decide/verdict.ts";
import { ascii, Filter, respond, Stream } from "../host/proxy.ts";
import { nodeBytes, PluginConfig } from "../sync/config.ts";
import { FlowState } from "../sync/flows.ts";
import { hold, nowMilliseconds, Plugin, vm } from "../sync/plugins.ts";
import { Report } from "../sync/report.ts";
import { Sync } from "../sync/sync.ts";
import { readRequest, requestHeaders } from "./facts.ts";

const FORBIDDEN: u32 = 403;
const DETAILS: Uint8Array = ascii("sallyport_refused");

const ruleName: Uint8Array = new Uint8Array(256);

/** What gate and verify share: decide a CONNECT once, when its headers arrive, and again whenever the image changes. */
export abstract class ConnectPlugin extends Plugin {
  readonly admission: Admission;
  readonly report: Report;

  constructor(
    root: u32,
    config: PluginConfig,
    sync: Sync,
    place: string,
    private readonly sides: Side,
  ) {
    super(root, config, sync);
    const self = new DataView(new ArrayBuffer(8));
    nodeBytes(config.nodeHex, self);
    this.admission = new Admission(sync.image, self);
    this.report = new Report(place);
  }

  /** The place's decision about the request whose facts are in `admission`. */
  abstract decide(): Verdict;

  /** Makes the proxy do what was allowed; false if it can't be told. */
  abstract enact(): bool;

  request(context: u32, flow: i32): Filter {
    const verdict = this.consider();
    if (verdict == Verdict.Allow) return this.admit(flow);
    if (this.admission.outcome.worthWaiting && hold(flow)) return Filter.Pause;
    return this.refuse(flow, verdict);
  }

  resume(context: u32, flow: i32, final: bool): bool {
    const verdict = this.consider();
    if (verdict == Verdict.Allow) return this.admit(flow) == Filter.Continue;
    if (final || !this.admission.outcome.worthWaiting) this.refuse(flow, verdict);
    return false;
  }

  stillAllowed(flow: i32): bool {
    return this.admission.stillAllows(vm.flows.view, flow, this.sides, (nowMilliseconds() / 1000) as u32);
  }

  stream(): Stream {
    return Stream.HttpRequest;
  }

  private consider(): Verdict {
    this.admission.outcome.worthWaiting = false;
    if (!requestHeaders.read()) return Verdict.HostError;
    if (!requestHeaders.isConnect()) return Verdict.Method;
    return readRequest(this.admission) ? this.decide() : Verdict.HostError;
  }

  private admit(flow: i32): Filter {
    if (!this.enact()) return this.refuse(flow, Verdict.HostError);
    vm.flows.setState(flow, FlowState.Live);
    this.admission.remember(vm.flows.view, flow);
    this.report.count(Verdict.Allow);
    return Filter.Continue;
  }

  private refuse(flow: i32, verdict: Verdict): Filter {
    vm.flows.setState(flow, FlowState.Refused);
    this.report.count(verdict);
    this.log(verdict);
    respond(FORBIDDEN, DETAILS);
    return Filter.Pause;
  }

  private log(verdict: Verdict): void {
    const facts = this.admission.facts;
    if (!this.report.begin(verdict, facts.now)) return;
    const line = this.report.line;
    line.text(" peer=").untrusted(facts.peerIdentity, facts.peerIdentityLength);
    line.text(" peer-address=").address(facts.peerAddress, 0);
    line.text(" destination=").untrusted(facts.authority, facts.authorityLength);
    if (verdict == Verdict.PolicyEgress || verdict == Verdict.PolicyIngress) {
      line.text(" source=").address(this.admission.stamp.bytes, 32);
      line.text(" rule=\"").printable(ruleName, this.admission.copyRule(verdict, ruleName)).text("\"");
    }
    this.report.end();
  }
}
