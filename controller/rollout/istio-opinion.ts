import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { yamlOf } from "../cli/yaml-text.ts";
import { runToEnd } from "../node/child.ts";
import { complaintsOf } from "./istioctl.ts";

/** What istioctl has against objects; none: nothing. In one file: objects of a name in several would hide each other. */
export async function complaintsAbout(
  objects: readonly object[],
  istioctl: string,
  revision: string | undefined,
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-rollout-"));
  try {
    const file = join(folder, "objects.yaml");
    await writeFile(file, yamlOf(objects));
    const of = revision === undefined ? [] : ["--revision", revision];
    const validated = await runToEnd([istioctl, "validate", "-f", file]);
    // Without --all-namespaces it looks into the namespace default and says that it found nothing.
    const analyzed = await runToEnd([istioctl, "analyze", "--use-kube=false", "--all-namespaces", ...of, file]);
    return complaintsOf(validated, analyzed);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
