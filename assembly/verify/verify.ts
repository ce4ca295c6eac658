import { Side } from "../decide/image.ts";
import { Verdict } from "../decide/verdict.ts";
import { ConnectPlugin } from "../flow/connect-plugin.ts";
import { STAMP_HEADER } from "../flow/request-headers.ts";
import { ascii, removeRequestHeader, setProperty } from "../host/proxy.ts";
import { PluginConfig } from "../sync/config.ts";
import { Sync } from "../sync/sync.ts";

const HOP: Uint8Array = ascii("sallyport_hop");

/** The receiving endpoint: a stamp of the last gateway, for this endpoint and no other, ends here; the app is dialled. */
export class Verify extends ConnectPlugin {
  constructor(root: u32, config: PluginConfig, sync: Sync) {
    super(root, config, sync, "verify", Side.Ingress);
  }

  decide(): Verdict {
    return this.admission.delivery();
  }

  enact(): bool {
    removeRequestHeader(STAMP_HEADER, 0, STAMP_HEADER.length);
    return setProperty(HOP, this.admission.facts.authority, this.admission.facts.authorityLength);
  }
}
