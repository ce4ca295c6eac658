/** What this machine allows: private namespaces as root, as an ordinary user, or not at all. */
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { runToEnd } from "./child.ts";

export type LabKind = "root" | "userns";

/** `none` says why, in words for the person who reads it. */
export type LabSupport = { readonly kind: LabKind } | { readonly kind: "none"; readonly reason: string };

/** The command line that runs its arguments in fresh namespaces of that kind. */
export function unshareCommand(kind: LabKind): string[] {
  const user = kind === "userns" ? ["--user", "--map-root-user"] : [];
  return ["unshare", ...user, "--net", "--mount"];
}

/**
 * Tries everything that a lab needs in throw-away namespaces (about 50 ms) and reports the best kind that works.
 * Trying beats looking at settings: containers, distributions and security modules forbid different parts of it.
 */
export async function detectLab(): Promise<LabSupport> {
  const missing = await missingTools();
  if (missing.length > 0) return { kind: "none", reason: `not installed: ${missing.join(", ")}` };
  const failures: string[] = [];
  const kinds: LabKind[] = process.getuid?.() === 0 ? ["root", "userns"] : ["userns"];
  for (const kind of kinds) {
    const failure = await attempt(kind);
    if (failure === undefined) return { kind };
    failures.push(`${kind === "root" ? "as root" : "with a user namespace"}: ${failure}`);
  }
  return { kind: "none", reason: [...failures, ...(await restrictions())].join("; ") };
}

const TOOLS = ["unshare", "nsenter", "setpriv", "mount", "ip", "nft"];

async function missingTools(): Promise<string[]> {
  const script = 'for tool; do command -v "$tool" >/dev/null || echo "$tool"; done';
  const { spawnSync } = await import("node:child_process");
  const { stdout } = spawnSync("sh", ["-c", script, "sh", ...TOOLS], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line !== "");
}

/** Each step announces itself, so that the last line names the one that failed. */
const PROBE = `set -e
echo "mount a private tmpfs";        mount -t tmpfs -o mode=700 sallyport "$1"
echo "create a bridge";              ip link add sp0 type bridge
echo "create a network namespace";   touch "$1/n"; unshare --net="$1/n" true
echo "create a veth pair";           ip link add v0 type veth peer name eth0 netns "$1/n"
echo "load an nftables redirect";    nsenter --net="$1/n" nft -f - <<'RULES'
table inet probe {
  chain out {
    type nat hook output priority -110;
    ip daddr 192.0.2.0/24 meta l4proto tcp redirect to :15041
  }
  chain in {
    type filter hook input priority 0;
    ct direction reply accept
    meta l4proto tcp counter reject with tcp reset
  }
}
RULES
echo done
`;

async function attempt(kind: LabKind): Promise<string | undefined> {
  const end = await runToEnd([...unshareCommand(kind), "sh", "-c", PROBE, "sh", tmpdir()]);
  if (end.code === 0) return undefined;
  const step = end.stdout.trim().split("\n").at(-1) || "create the namespaces";
  return `cannot ${step} (${end.stderr.trim().split("\n").at(-1) || `exit ${end.code}`})`;
}

/** Settings known to forbid user namespaces: [file, forbidding value, what to say]. */
const SETTINGS = [
  ["/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone is 0"],
  ["/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces is 0"],
  [
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "1",
    "AppArmor restricts user namespaces (sysctl kernel.apparmor_restrict_unprivileged_userns is 1)",
  ],
] as const;

async function restrictions(): Promise<string[]> {
  const found: string[] = [];
  for (const [file, value, text] of SETTINGS) {
    const content = await readFile(file, "utf8").catch(() => "");
    if (content.trim() === value) found.push(text);
  }
  return found;
}
