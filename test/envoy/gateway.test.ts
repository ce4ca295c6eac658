import { beforeAll, expect, test } from "@jest/globals";
import { ensureEnvoy } from "../../controller/node/envoy.ts";
import { withFolder } from "../folder.ts";
import { describeLab, labSupport, lastJson, runProgram } from "../node/lab-program.ts";

const PROGRAMS_MS = 120_000;

/** What a program of the folder `gateway` prints, in a lab of its own. */
async function answerOf(program: string): Promise<unknown> {
  const { path } = await ensureEnvoy((line) => process.stderr.write(`${line}\n`));
  const file = new URL(`gateway/${program}`, import.meta.url).pathname;
  return withFolder(async (folder) => lastJson(await runProgram(file, [labSupport.kind, folder, path])));
}

interface Drained {
  readonly opened: boolean;
  readonly throughFirst: number;
  readonly throughSecond: number;
  readonly drain: Readonly<Record<string, unknown>>;
  readonly idle: object;
  readonly hurried: object;
}

describeLab(labSupport, "a replica of a gateway that is asked to end", () => {
  let answer: Drained;
  beforeAll(async () => {
    answer = (await answerOf("drain-program.ts")) as Drained;
  }, PROGRAMS_MS);

  test("is no place for new flows any more, none of which fails", () => {
    expect(answer.opened).toBe(true);
    expect(answer.drain).toMatchObject({ ready: "503 draining", alive: true, failures: [] });
    // A connection that it has learns of it by the answer to its next flow.
    expect(answer.drain.landed).toBeLessThanOrEqual(1);
  });

  test("leaves established flows their time, and then ends", () => {
    const { throughFirst, throughSecond, drain } = answer;
    expect(drain).toMatchObject({ flows: throughFirst + throughSecond, code: 0, inTime: true, left: throughSecond });
  });

  test("ends at once when no flow is left", () => expect(answer.idle).toEqual({ code: 0, early: true }));

  test("ends at once when it is asked again", () => expect(answer.hurried).toEqual({ code: 0, early: true, left: 0 }));
});

describeLab(labSupport, "a gateway's certificate", () => {
  interface Answer {
    readonly flows: number;
    readonly renewed: object;
    readonly ended: object;
    readonly mended: object;
  }
  let answer: Answer;
  beforeAll(async () => {
    answer = (await answerOf("certificates-program.ts")) as Answer;
  }, PROGRAMS_MS);

  test("is renewed file after file while flows go on, and shown from then on", () => {
    expect(answer.renewed).toEqual({ shows: true, alive: answer.flows, failures: [], sameProcess: true });
  });

  test("is refused when it has ended, which the replica says; flows go on, and new ones elsewhere", () => {
    const ready = expect.stringMatching(/^503 the certificate (in \S+ )?ended at \S+Z$/);
    expect(answer.ended).toEqual({ ready, refused: true, alive: answer.flows, failures: [] });
  });

  test("is taken when it is there again", () => expect(answer.mended).toEqual({ log: true, alive: answer.flows }));
});

describeLab(labSupport, "a gateway's pods, when another gateway", () => {
  let answer: Readonly<Record<"before" | "during" | "after" | "rejected", object>>;
  beforeAll(async () => {
    answer = (await answerOf("neighbours-program.ts")) as typeof answer;
  }, PROGRAMS_MS);
  const alone = { held: true, far: "refused", clusters: 2, lifted: false, listeners: 1 };

  test("comes, send flows on to it without a restart", () => {
    expect(answer.before).toEqual({ ...alone, passed: false });
    expect(answer.during).toEqual({ held: true, far: "far", clusters: 3, lifted: true, listeners: 1, passed: true });
  });

  test("goes, refuse what would pass it, and keep their other flows", () => {
    expect(answer.after).toEqual({ ...alone, passed: true });
    expect(answer.rejected).toEqual([]);
  });
});
