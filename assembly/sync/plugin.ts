import { Admission } from "../decide/admission.ts";
import { Side } from "../decide/image.ts";
import { Verdict } from "../decide/verdict.ts";
import { Stream } from "../host/proxy.ts";
import { nodeBytes, PluginConfig } from "./config.ts";
import { Report } from "./report.ts";
import { Sync } from "./sync.ts";

/** What a plugin does with its streams; one instance for each root context, so configurations never mix. */
export abstract class Plugin {
  readonly admission: Admission;
  readonly report: Report;

  constructor(
    readonly root: u32,
    readonly config: PluginConfig,
    readonly sync: Sync,
    place: string,
    /** The sides of policy that this place decides, at first and again when the image changes. */
    readonly sides: Side,
  ) {
    const self = new DataView(new ArrayBuffer(8));
    if (config.nodeHex.length > 0) nodeBytes(config.nodeHex, self);
    this.admission = new Admission(sync.image, self);
    this.report = new Report(place);
  }

  /** Decides a held flow anew; Undecided: it waits on, unless this is the `final` time. */
  abstract resume(flow: i32, final: bool): Verdict;

  /** What a flow of this plugin is to the proxy: a CONNECT stream, or the app's connection. */
  abstract stream(): Stream;
}

export type PluginFactory = (root: u32, config: PluginConfig, sync: Sync) => Plugin | null;
