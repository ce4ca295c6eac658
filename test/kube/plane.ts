/** The program in `plane/`, etcd with kube-apiserver and kubectl, built from Go modules that go.sum pins. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { projectFolder } from "../../controller/node/envoy.ts";
import { ensureProgram, type Progress } from "./go-build.ts";

const SOURCES = join(projectFolder(), "test/kube/plane/");

/** Path of the program. The first time it is built, which takes about five minutes and 3 GB of Go's caches. */
export async function ensurePlane(progress: Progress): Promise<string> {
  const program = {
    name: "kube-plane",
    purpose: "building kube-apiserver, etcd and kubectl from Go modules",
    module: SOURCES,
    package: ".",
    settings: versionSettings(await kubernetesVersion()),
  };
  return ensureProgram("kube-plane", program, progress);
}

async function kubernetesVersion(): Promise<string> {
  const version = /^\s*k8s\.io\/kubernetes (v\S+)$/m.exec(await readFile(join(SOURCES, "go.mod"), "utf8"))?.[1];
  if (version === undefined) throw new Error("plane/go.mod names no version of k8s.io/kubernetes");
  return version;
}

/** Kubernetes is told its version by the linker. */
function versionSettings(version: string): string[] {
  const [major, minor] = version.slice(1).split(".");
  const facts = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
  return packages.flatMap((path) => Object.entries(facts).map(([name, value]) => `-X ${path}.${name}=${value}`));
}
