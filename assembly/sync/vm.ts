import { FlowField } from "../decide/flow-record.ts";
import { ascii, defineMetric, Metric, nowNanoseconds, record } from "../host/proxy.ts";
import { Flows } from "./flows.ts";
import { Holding } from "./holding.ts";
import { Plugin } from "./plugin.ts";
import { Sync } from "./sync.ts";

/** 2^64 over the golden ratio, odd: neighbours in time get tokens that differ everywhere. */
const SPREAD: u64 = ((0x9e3779b9 as u64) << 32) | (0x7f4a7c15 as u64);

/** Everything that lives in this VM: its plugins by root context, their images and the flows on this worker. */
class Vm {
  readonly flows: Flows = new Flows();
  readonly holding: Holding = new Holding(this.flows);
  readonly plugins: Plugin[] = [];
  readonly syncs: Sync[] = [];
  /** Something was dropped since the last collection. */
  litter: bool = false;
  /** By this the controller tells this worker's acknowledgements from others'; it is no secret. Empty until `start`. */
  worker: string = "";
  private memoryMetric: u32 = 0;
  private flowsMetric: u32 = 0;

  /** Host calls may not be made before the first configuration. */
  start(): void {
    if (this.worker.length > 0) return;
    const time = nowNanoseconds();
    this.worker = (time * SPREAD).toString(16);
    this.memoryMetric = defineMetric(Metric.Gauge, ascii("sallyport.vm.memory_bytes"));
    this.flowsMetric = defineMetric(Metric.Gauge, ascii("sallyport.vm.flows"));
  }

  pluginOf(root: u32): Plugin | null {
    for (let i = 0; i < this.plugins.length; i++) if (this.plugins[i].root == root) return this.plugins[i];
    return null;
  }

  /** The plugin that a flow record belongs to; null for no record. */
  pluginOfFlow(flow: i32): Plugin | null {
    return flow < 0 ? null : this.pluginOf(this.flows.view.getUint32(flow + FlowField.Root, true));
  }

  /** Frees what was dropped. To be called where nothing of ours is on the stack: the runtime doesn't look there. */
  collect(): void {
    if (!this.litter) return;
    this.litter = false;
    __collect();
    record(this.memoryMetric, (memory.size() as u64) << 16);
  }

  observe(): void {
    record(this.flowsMetric, this.flows.alive as u64);
  }
}

export const vm: Vm = new Vm();
