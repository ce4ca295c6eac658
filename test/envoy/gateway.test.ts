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
