/** The intruder's attempts, one by one: each must fail, and for the reason that we claim. */
import { type Attempt, attempts, loot } from "./attacks.ts";
import type { Presenter } from "./presenter.ts";
import { ADDRESSES, type Stage } from "./stage.ts";
import { until } from "./until.ts";

const REASON_MS = 3000;

export async function showSiege(stage: Stage, show: Presenter): Promise<void> {
  show.heading("The intruder, with everything its node has: certificate, key, image, and web's stolen key");
  const stolen = await loot(stage);
  const guarded = attempts(stage, stolen).filter(({ unguarded }) => unguarded !== true);
  for (const attempt of guarded) await showAttempt(stage, show, attempt);
  await dropGuard(stage);
  const unguarded = attempts(stage, stolen).filter(({ unguarded }) => unguarded === true);
  for (const attempt of unguarded) await showAttempt(stage, show, attempt);
  await showBypass(stage, show);
}

async function showAttempt(stage: Stage, show: Presenter, attempt: Attempt): Promise<void> {
  const { refused, why } = await show.during(attempt.name, () => tryAttempt(stage, attempt));
  show.check(refused && why === attempt.reason, `${attempt.name}: ${refused ? `refused, ${why}` : "GOT THROUGH"}`);
}

/** Makes the attempt and reads from the attacked proxies' logs why it was refused. */
export async function tryAttempt(
  stage: Stage,
  attempt: Attempt,
): Promise<{ refused: boolean; why: string; saw: string }> {
  const places = attempt.refusedAt ?? [];
  const before = await Promise.all(places.map(async (node) => (await stage.log(node)).length));
  const { through, saw } = await stage.agent(attempt.from).attack(attempt.attack);
  if (attempt.refusedAt === undefined) return { refused: !through, why: /status/.test(saw) ? saw : "TLS", saw };
  let why = "no reason logged";
  await until(
    `the reason for refusing ${attempt.name} is logged`,
    async () => {
      const texts = await Promise.all(places.map((node, i) => stage.log(node, before[i])));
      const found = /refused reason=([a-z-]+)/.exec(texts.join(""));
      if (found?.[1] !== undefined) why = found[1];
      return found !== null;
    },
    REASON_MS,
  ).catch(() => undefined);
  return { refused: !through, why, saw };
}

/** Root in its own namespace, the intruder throws its guard away: nothing catches what it sends any more. */
async function dropGuard(stage: Stage): Promise<void> {
  if (!stage.session.machine.flat) {
    await stage.session.machine.run("intruder", ["nft", "delete", "table", "inet", "sallyport"]);
  }
}

/** Without its guard the intruder connects to the apps themselves. */
async function showBypass(stage: Stage, show: Presenter): Promise<void> {
  if (stage.session.machine.flat)
    return show.note("past its own proxy, straight to the apps: not tried, there is no guard here");
  for (const authority of [`${ADDRESSES.db}:5432`, `${ADDRESSES.api}:8080`]) {
    const { through, saw } = await stage.agent("intruder").attack({ tls: stage.tls("intruder"), authority });
    show.check(
      !through,
      `past its own proxy, straight to ${authority}: ${through ? "GOT THROUGH" : `refused by the guard, ${saw}`}`,
    );
  }
}
