/** All attempts on the shop, and how to learn what became of one. */
import { type Attempt, attempts, type Ground, type Loot } from "../../controller/demo/attacks.ts";
import type { StampWish } from "../../controller/demo/forger.ts";
import { until } from "../until.ts";
import { type Ids, moreAttempts } from "./more-attacks.ts";
import { DB, GATEWAYS, PEOPLE, type Shop } from "./shop.ts";

function all(ground: Pick<Ground, "address" | "tls">, loot: Loot, ids: Ids): Attempt[] {
  return [...attempts(ground, loot), ...moreAttempts(ground, loot, ids)];
}

/** What there will be to try, which must be known before anything runs. */
export function namesOf(fromUnguarded: boolean) {
  const nobody: StampWish = { destination: `${DB}:5432`, audience: "00".repeat(8) };
  const nothing = { own: { intruder: nobody, web: nobody, api: nobody } };
  return all({ address: (text) => text, tls: () => "" }, nothing, { edgeA: "", edgeB: "", db: "" })
    .filter(({ unguarded = false }) => unguarded === fromUnguarded)
    .map(({ name, reason }) => ({ name, reason }));
}

/** The attempt of that name, made now: stamps don't stay fresh. */
export function attemptNamed(shop: Shop, stolen: Loot, name: string): Attempt {
  return all(shop, stolen, shop.ids).find((one) => one.name === name) as Attempt;
}

/** The proxy that is attacked refuses, and nobody else gives any verdict. */
export function expectedOf({ refusedAt = [], attack, reason }: Attempt): string {
  const [place = attack.proxy === `${DB}:15042` ? "db" : "edge-a-0"] = refusedAt;
  return `${place} ${reason}`;
}

/** Makes the attempt and learns from the proxies' counters who refused it and why. */
export async function tried(shop: Shop, attempt: Attempt): Promise<{ through: boolean; why: string }> {
  const before = await refusals(shop);
  const { through } = await shop.actor(attempt.from).play("attack", attempt.attack);
  let why: string[] = [];
  await until(async () => {
    const after = await refusals(shop);
    why = [...after].flatMap(([name, count]) => (count > (before.get(name) ?? 0) ? [name] : []));
    return why.length > 0;
  }, "a verdict").catch(() => {});
  return { through, why: why.sort().join(", ") };
}

/** How often each verdict was given and each certificate refused, by `node verdict`. */
async function refusals(shop: Shop): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const count = async (node: string) => {
    for (const [name, value] of await shop.run.stats(node, COUNTERS)) {
      const key = `${node} ${reasonOf(name)}`;
      counts.set(key, (counts.get(key) ?? 0) + value);
    }
  };
  await Promise.all([...GATEWAYS, ...PEOPLE].map(count));
  return counts;
}

const COUNTERS =
  "^wasmcustom\\.sallyport\\.(stamp|gate|verify)\\.|_15042\\.ssl\\.fail_verify_(san|no_cert)$|\\.tunnel\\.downstream_rq_ws_on_non_ws_route$";

/** From the name of a counter to that of a reason. */
function reasonOf(counter: string): string {
  if (counter.includes(".ssl.")) return "TLS";
  return counter.includes("non_ws_route") ? "upgrade" : counter.slice(counter.lastIndexOf(".") + 1);
}
