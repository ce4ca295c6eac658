/** One replica of a gateway in a pod: waits for what Envoy needs, runs it, and takes it out of service when asked. */

import { isReady } from "../node/admin.ts";
import { prepareAdminSocket } from "../node/admin-socket.ts";
import { CertificateFolder } from "../serve/certificate-folder.ts";
import { type Bootstrap, readBootstrap } from "./bootstrap-file.ts";
import { flowsEnded, liveFlows, refuseNewFlows } from "./drain.ts";
import { EnvoyProcess } from "./envoy-process.ts";
import { Health } from "./health.ts";

export interface GatewaySettings {
  /** Path of the Envoy program. */
  readonly envoy: string;
  readonly bootstrap: string;
  /** Folder of cert-chain.pem, key.pem and root-cert.pem. */
  readonly certificates: string;
  readonly concurrency: number;
  /** How long established flows may go on when the replica has been asked to end. */
  readonly drainMs: number;
  readonly health: { readonly port: number; readonly host?: string };
}

/** Resolve at the first and at the second signal that ask the program to end. */
export interface Stops {
  readonly first: Promise<unknown>;
  readonly second: Promise<unknown>;
}

/** Envoy has this long to end when nothing more is to be waited for. */
const END_MS = 3000;
const LOOK_MS = 50;

/** Resolves when Envoy has ended: undefined if that was asked for, else why. */
export async function runGateway(settings: GatewaySettings, stops: Stops, say: (line: string) => void) {
  const bootstrap = await readBootstrap(settings.bootstrap);
  if ("problem" in bootstrap) return bootstrap.problem;
  await prepareAdminSocket(bootstrap.adminSocket);
  const run = new GatewayRun(settings, bootstrap, say);
  return run.toEnd(stops);
}

class GatewayRun {
  readonly #certificates: CertificateFolder;
  readonly #health: Health;
  #envoy: EnvoyProcess | undefined;
  #isEnding = false;
  #isHurried = false;

  constructor(
    private readonly settings: GatewaySettings,
    private readonly bootstrap: Bootstrap,
    private readonly say: (line: string) => void,
  ) {
    this.#certificates = new CertificateFolder(settings.certificates, undefined, {
      renewed: ({ notAfter }) => say(`certificate: valid until ${new Date(notAfter).toISOString()}`),
      troubled: (problem) => say(problem === "" ? "certificate: in order again" : `certificate: ${problem}`),
    });
    this.#health = new Health({
      adminSocket: bootstrap.adminSocket,
      trouble: () => this.#trouble(),
      gauges: () => ({
        sallyport_gateway_certificate_ends_seconds: (this.#certificates.notAfter ?? 0) / 1000,
        sallyport_gateway_draining: this.#isEnding ? 1 : 0,
      }),
    });
  }

  async toEnd(stops: Stops): Promise<string | undefined> {
    void stops.first.then(() => (this.#isEnding = true));
    void stops.second.then(() => (this.#isHurried = true));
    const { port, host } = this.settings.health;
    try {
      await this.#health.listen(port, host);
      await this.#certificates.start();
      if (!(await this.#certificateCame())) return undefined;
      return await this.#serve(stops);
    } finally {
      this.#health.close();
      await this.#certificates.stop();
    }
  }

  /** Envoy never looks again for a file that wasn't there when it started. */
  async #certificateCame(): Promise<boolean> {
    while (!this.#isEnding && this.#certificates.current === undefined)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    return !this.#isEnding;
  }

  async #serve(stops: Stops): Promise<string | undefined> {
    const { envoy: program, bootstrap: config, concurrency } = this.settings;
    const envoy = new EnvoyProcess({ program, config, concurrency });
    this.#envoy = envoy;
    void this.#announceReady(envoy);
    const asked = await Promise.race([stops.first.then(() => true), envoy.ended.then(() => false)]);
    if (!asked) return `Envoy ended without being asked to (${await envoy.ended}); its log says why`;
    await this.#drain(envoy);
    await envoy.end(END_MS);
    this.say("ended");
    return undefined;
  }

  async #announceReady(envoy: EnvoyProcess): Promise<void> {
    while (!envoy.hasEnded && !(await isReady(this.bootstrap.adminSocket)))
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (!envoy.hasEnded) this.say("Envoy serves");
  }

  async #drain(envoy: EnvoyProcess): Promise<void> {
    const { adminSocket } = this.bootstrap;
    const end = Date.now() + this.settings.drainMs;
    const isOver = () => this.#isHurried || envoy.hasEnded || Date.now() >= end;
    await refuseNewFlows(adminSocket).catch(({ message }: Error) => this.say(`Envoy can't be drained: ${message}`));
    const flows = (await liveFlows(adminSocket)) ?? 0;
    this.say(`draining: ${flows} flows have ${this.settings.drainMs / 1000} s`);
    if (await flowsEnded(adminSocket, isOver)) this.say("drained: no flow is left");
    else
      this.say(`${this.#isHurried ? "hurried" : "time is up"}: ${(await liveFlows(adminSocket)) ?? 0} flows end now`);
  }

  #trouble(): string {
    if (this.#isEnding) return "draining";
    if (this.#certificates.current === undefined)
      return this.#certificates.problem || `the certificate in ${this.settings.certificates} has ended`;
    return this.#envoy === undefined ? "Envoy hasn't started" : "";
  }
}
