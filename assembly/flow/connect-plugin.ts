import { Side } from "../decide/image.ts";
import { Verdict } from "../decide/verdict.ts";
import { ascii, Filter, nowMilliseconds, respond, Stream } from "../host/proxy.ts";
import { PluginConfig } from "../sync/config.ts";
import { FlowState } from "../sync/flows.ts";
import { Plugin } from "../sync/plugin.ts";
import { Sync } from "../sync/sync.ts";
import { vm } from "../sync/vm.ts";
import { StampField } from "../wire/stamp.ts";
import { readRequest, requestHeaders } from "./facts.ts";

const FORBIDDEN: u32 = 403;
const DETAILS: Uint8Array = ascii("sallyport_refused");
/** Of a stamp. */
const SOURCE_ADDRESS: i32 = StampField.SourceAddress;
/** A flow that a newer image might let in waits this long for one. */
const HOLD_MS: u32 = 1000;

/** What gate and verify share: decide a CONNECT once, when its headers arrive, and again whenever the image changes. */
export abstract class ConnectPlugin extends Plugin {
  constructor(root: u32, config: PluginConfig, sync: Sync, place: string, sides: Side) {
    super(root, config, sync, place, sides);
  }

  /** The place's decision about the request whose facts are in `admission`. */
  abstract decide(): Verdict;

  /** Makes the proxy do what was allowed; false if it can't be told. */
  abstract enact(): bool;

  request(flow: i32): Filter {
    const verdict = this.consider();
    if (verdict == Verdict.Allow) return this.admit(flow) == Verdict.Allow ? Filter.Continue : Filter.Pause;
    if (!this.admission.outcome.worthWaiting) this.refuse(flow, verdict);
    else if (!vm.holding.add(flow, this.admission.facts, (nowMilliseconds() as u32) + HOLD_MS))
      this.refuse(flow, Verdict.Overload);
    return Filter.Pause;
  }

  resume(flow: i32, final: bool): Verdict {
    const verdict = this.consider();
    if (verdict != Verdict.Allow && !final && this.admission.outcome.worthWaiting) return Verdict.Undecided;
    vm.holding.release(flow);
    return verdict == Verdict.Allow ? this.admit(flow) : this.refuse(flow, verdict);
  }

  stream(): Stream {
    return Stream.HttpRequest;
  }

  private consider(): Verdict {
    this.admission.outcome.worthWaiting = false;
    // What is read of a request that can't be read whole is of use to the log alone.
    const headers = requestHeaders.read();
    const facts = readRequest(this.admission);
    if (!headers) return Verdict.HostError;
    if (!requestHeaders.isConnect()) return Verdict.Method;
    return facts ? this.decide() : Verdict.HostError;
  }

  private admit(flow: i32): Verdict {
    if (!this.enact()) return this.refuse(flow, Verdict.HostError);
    vm.flows.setState(flow, FlowState.Live);
    this.admission.remember(vm.flows.view, flow);
    this.report.count(Verdict.Allow);
    this.audit();
    return Verdict.Allow;
  }

  /** Its state first: responding may delete the context before it returns. */
  private refuse(flow: i32, verdict: Verdict): Verdict {
    vm.flows.setState(flow, FlowState.Refused);
    this.report.count(verdict);
    this.log(verdict);
    if (verdict == Verdict.PolicyEgress || verdict == Verdict.PolicyIngress) this.audit();
    respond(FORBIDDEN, DETAILS);
    return verdict;
  }

  private audit(): void {
    this.report.audited(this.admission.outcome.audit, this.admission, this.admission.stamp.bytes, SOURCE_ADDRESS);
  }

  private log(verdict: Verdict): void {
    const facts = this.admission.facts;
    const line = this.report.refused(verdict, facts.now);
    if (line === null) return;
    line.text(" peer=").untrusted(facts.peerIdentity, facts.peerIdentityLength);
    line.text(" peer-address=").address(facts.peerAddress, 0);
    line.text(" destination=").untrusted(facts.authority, facts.authorityLength);
    if (verdict == Verdict.PolicyEgress || verdict == Verdict.PolicyIngress)
      line.text(" source=").address(this.admission.stamp.bytes, SOURCE_ADDRESS);
    this.report.end(verdict, this.admission);
  }
}
