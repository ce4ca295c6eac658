import { Verdict, VERDICT_COUNT } from "../decide/verdict.ts";
import { verdictName } from "../decide/verdict-name.ts";
import { Line } from "../host/line.ts";
import { ascii, defineMetric, increment, LogLevel, Metric } from "../host/proxy.ts";

/** Denials that are logged at once, and how many more each second adds: a flood must not fill a disk. */
const BURST: i32 = 50;
const PER_SECOND: i32 = 10;

/** Counts every verdict of a plugin, and writes lines about refusals at a bounded rate. */
export class Report {
  readonly line: Line = new Line();
  private readonly counters: Uint32Array = new Uint32Array(VERDICT_COUNT);
  private budget: i32 = BURST;
  private second: u32 = 0;
  private suppressed: u32 = 0;

  constructor(private readonly place: string) {
    for (let v = 1; v < VERDICT_COUNT; v++) {
      this.counters[v] = defineMetric(Metric.Counter, ascii("sallyport." + place + "." + verdictName(v)));
    }
  }

  count(verdict: Verdict): void {
    increment(this.counters[verdict]);
  }

  /** Begins a line about a refusal; false if the budget is spent. The caller adds the facts and calls `end`. */
  begin(verdict: Verdict, now: u32): bool {
    if (now != this.second) {
      this.second = now;
      if (this.budget < BURST) this.budget += PER_SECOND;
    }
    if (this.budget <= 0) {
      this.suppressed++;
      return false;
    }
    this.budget--;
    this.line.clear().text("sallyport ").text(this.place).text(" refused reason=").text(verdictName(verdict));
    return true;
  }

  end(): void {
    if (this.suppressed > 0) this.line.text(" lines-suppressed=").number(this.suppressed);
    this.suppressed = 0;
    this.line.send(LogLevel.Warn);
  }
}
