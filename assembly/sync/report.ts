import { Admission } from "../decide/admission.ts";
import { FlowField } from "../decide/flow-record.ts";
import { VERDICT_COUNT, Verdict } from "../decide/verdict.ts";
import { verdictName } from "../decide/verdict-name.ts";
import { Line } from "../host/line.ts";
import { ascii, defineMetric, increment, LogLevel, Metric } from "../host/proxy.ts";
import { readU16 } from "../wire/bytes.ts";

/** Lines that are logged at once, and how many more each second adds: a flood must not fill a disk. */
const BURST: i32 = 50;
const PER_SECOND: i32 = 10;

const ruleName: Uint8Array = new Uint8Array(256);

/** Counts every verdict of a plugin, and writes lines about refusals and closed flows at a bounded rate. */
export class Report {
  private readonly line: Line = new Line();
  private readonly counters: Uint32Array = new Uint32Array(VERDICT_COUNT);
  private readonly revocations: u32;
  private budget: i32 = BURST;
  private second: u32 = 0;
  private suppressed: u32 = 0;

  constructor(private readonly place: string) {
    for (let v = 1; v < VERDICT_COUNT; v++) {
      this.counters[v] = defineMetric(Metric.Counter, ascii(`sallyport.${place}.${verdictName(v)}`));
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
    if (this.suppressed > 0) this.line.text(" lines-suppressed=").number(this.suppressed);
    this.suppressed = 0;
    this.line.send(LogLevel.Warn);
  }

  private begin(event: string, verdict: Verdict, now: u32): Line | null {
    if (now != this.second) {
      this.second = now;
      this.budget = this.budget + PER_SECOND > BURST ? BURST : this.budget + PER_SECOND;
    }
    if (this.budget <= 0) {
      this.suppressed++;
      return null;
    }
    this.budget--;
    return this.line.clear().text("sallyport ").text(this.place).text(event).text(verdictName(verdict));
  }
}
