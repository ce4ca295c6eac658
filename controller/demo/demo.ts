/** The whole demo: raises the shop, shows what the overlay does with it, takes it down. */
import { join } from "node:path";
import { currentLab } from "../node/lab-entry.ts";
import { formatRejection } from "../read/issue.ts";
import { Session, type Start } from "../standalone/session.ts";
import { showCrash, showEdit, showMatrix, showRekey, showRotation } from "./acts.ts";
import { showPath } from "./path-act.ts";
import type { Presenter } from "./presenter.ts";
import { showSiege } from "./siege.ts";
import { copyShop, Diary, Stage } from "./stage.ts";
import { until } from "./until.ts";

export interface DemoSettings {
  /** Absolute; the demo's own, created for it. */
  readonly stateFolder: string;
  readonly shopFolder: string;
  readonly codeFolder: string;
  readonly envoy: string;
}

/** Starts the shop; the caller stops it. */
export async function raiseShop(settings: DemoSettings, show: Presenter): Promise<Stage> {
  const { stateFolder, shopFolder } = settings;
  const folder = join(stateFolder, "resources");
  await copyShop(shopFolder, folder, currentLab() === undefined);
  const diary = new Diary();
  const began = performance.now();
  const start = await show.during("starting four endpoints and three SaPs", () =>
    Session.start({ ...settings, folder, events: diary.events }),
  );
  if (!("session" in start)) throw new Error(problemOf(start));
  const stage = new Stage(start.session, folder, diary);
  try {
    await stage.startApps();
    const ready = async () => (await start.session.unready()).length === 0;
    await show.during("waiting for their images", () => until("all nodes are ready", ready, 60_000));
  } catch (error) {
    await stage.end();
    throw error;
  }
  const took = ((performance.now() - began) / 1000).toFixed(1);
  const where = start.session.machine.flat
    ? "on loopback addresses"
    : "each in a network namespace with redirect and guard";
  show.note(`${stage.standalone.nodes.length} Envoys run after ${took} s, ${where}`);
  return stage;
}

export async function playActs(stage: Stage, show: Presenter): Promise<void> {
  await showMatrix(stage, show);
  await showEdit(stage, show);
  await showPath(stage, show);
  await showRotation(stage, show);
  await showRekey(stage, show);
  await showCrash(stage, show);
  await showSiege(stage, show);
}

function problemOf(start: Exclude<Start, { readonly session: Session }>): string {
  return "problem" in start ? start.problem : start.rejections.map(formatRejection).join("; ");
}
