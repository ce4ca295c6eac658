import { Admission } from "../decide/admission.ts";
import { FlowField } from "../decide/flow-record.ts";
import { VERDICT_COUNT, Verdict } from "../decide/verdict.ts";
import { verdictName } from "../decide/verdict-name.ts";
import { Line } from "../host/line.ts";
import { ascii, defineMetric, increment, LogLevel, Metric } from "../host/proxy.ts";
import { readU16 } from "../wire/bytes.ts";
import { Audit } from "../wire/image.ts";
import { LogBudget } from "./log-budget.ts";

const AUDIT_COUNT: i32 = 4;

const ruleName: Uint8Array = new Uint8Array(256);

/** Counts every verdict of a plugin, and writes lines about refusals and closed flows at a bounded rate. */
export class Report {
  private readonly line: Line = new Line();
  private readonly counters: Uint32Array = new Uint32Array(VERDICT_COUNT);
  private readonly audits: Uint32Array = new Uint32Array(AUDIT_COUNT);
  private readonly revocations: u32;
  private readonly refusalLines: LogBudget = new LogBudget();
  /** Of its own: what an audit has to say must not hide a refusal. */
  private readonly auditLines: LogBudget = new LogBudget();

  constructor(private readonly place: string) {
    for (let v = 1; v < VERDICT_COUNT; v++) {
      this.counters[v] = defineMetric(Metric.Counter, ascii(`sallyport.${place}.${verdictName(v)}`));
    }
    for (let audit = 1; audit < AUDIT_COUNT; audit++) {
      this.audits[audit] = defineMetric(Metric.Counter, ascii(`sallyport.${place}.audit-${auditName(audit)}`));
    }
    this.revocations = defineMetric(Metric.Counter, ascii(`sallyport.${place}.revoked`));
  }

  count(verdict: Verdict): void {
    increment(this.counters[verdict]);
  }

  /** Counts a live flow that is closed because the image in force refuses it, and says which flow and why. */
  revoked(records: Uint8Array, flow: i32, verdict: Verdict, admission: Admission, now: u32): void {
    increment(this.revocations);
    const line = this.begin(" revoked reason=", verdict, now);
    if (line === null) return;
    // The key is protocol << 16 | port, little-endian.
    const port = readU16(records, flow + FlowField.Key);
    line.text(" source=").address(records, flow + FlowField.Source);
    line.text(" destination=").destination(records, flow + FlowField.Destination, ((port & 255) << 8) | (port >> 8));
    this.end(verdict, admission);
  }

  /** Begins a line about a refusal, for the caller to add what it knows; null if the budget is spent. */
  refused(verdict: Verdict, now: u32): Line | null {
    return this.begin(" refused reason=", verdict, now);
  }

  /** Adds the rule that decided, if one did, and writes the line. */
  end(verdict: Verdict, admission: Admission): void {
    if (verdict == Verdict.PolicyEgress || verdict == Verdict.PolicyIngress) {
      this.line.text(' rule="').printable(ruleName, admission.copyRule(verdict, ruleName)).text('"');
    }
    this.send(this.refusalLines);
  }

  /** Counts a flow of which audited policies would have made something else, and says what; None: nothing. */
  audited(audit: Audit, admission: Admission, source: Uint8Array, at: i32): void {
    if (audit == Audit.None) return;
    increment(this.audits[audit]);
    const facts = admission.facts;
    if (!this.auditLines.take(facts.now)) return;
    this.line.clear().text("sallyport ").text(this.place).text(" audit would=").text(auditName(audit));
    this.line.text(" source=").address(source, at);
    this.line.text(" destination=").untrusted(facts.authority, facts.authorityLength);
    this.line.text(' rule="').printable(ruleName, admission.copyAuditRule(ruleName)).text('"');
    this.send(this.auditLines);
  }

  /** Counts what is let in only because it is audited; begins a line about it, null if the budget is spent. */
  wouldRefuse(verdict: Verdict, now: u32): Line | null {
    increment(this.audits[Audit.Deny]);
    if (!this.auditLines.take(now)) return null;
    const line = this.line.clear().text("sallyport ").text(this.place);
    return line.text(" audit would=deny reason=").text(verdictName(verdict));
  }

  endAudit(): void {
    this.send(this.auditLines);
  }

  private send(budget: LogBudget): void {
    if (budget.suppressed > 0) this.line.text(" lines-suppressed=").number(budget.suppressed);
    budget.suppressed = 0;
    this.line.send(LogLevel.Warn);
  }

  private begin(event: string, verdict: Verdict, now: u32): Line | null {
    if (!this.refusalLines.take(now)) return null;
    return this.line.clear().text("sallyport ").text(this.place).text(event).text(verdictName(verdict));
  }
}

/** What would have become of the flow. */
function auditName(audit: Audit): string {
  if (audit == Audit.Deny) return "deny";
  return audit == Audit.Allow ? "allow" : "reroute";
}
