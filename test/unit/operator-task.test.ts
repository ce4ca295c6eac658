import { describe, expect, test } from "@jest/globals";
import { Task } from "../../controller/operator/task.ts";
import { until } from "../until.ts";

const failed = () => {};

describe("a task", () => {
  test("is done once for all who ask before it begins, and once more for those who ask during it", async () => {
    let runs = 0;
    const release: (() => void)[] = [];
    const work = () => {
      runs++;
      return new Promise<void>((done) => release.push(done));
    };
    const task = new Task(work, { quietMs: 1, failed });
    for (let i = 0; i < 5; i++) task.note();
    await until(() => runs === 1, "the first run");
    for (let i = 0; i < 5; i++) task.note();
    release.shift()?.();
    await until(() => runs === 2, "the second run");
    release.shift()?.();
    await task.stop();
    task.note();
    expect(runs).toBe(2);
  });

  test("that is asked for later is done sooner if somebody asks for that", async () => {
    let runs = 0;
    const task = new Task(() => void runs++, { quietMs: 1, failed });
    task.note(60_000);
    task.note();
    await until(() => runs === 1, "the run");
    await task.stop();
  });

  test("that asks for itself later isn't done at once", async () => {
    let runs = 0;
    const task: Task = new Task(
      () => {
        runs++;
        task.note(60_000);
      },
      { quietMs: 0, failed },
    );
    task.note();
    await until(() => runs === 1, "the run");
    await new Promise((resolve) => setImmediate(resolve));
    const began = performance.now();
    await until(() => performance.now() - began > 50, "some time to pass");
    await task.stop();
    expect(runs).toBe(1);
  });

  test("that fails is tried again, slower and slower", async () => {
    const at: number[] = [];
    const task = new Task(
      () => {
        at.push(performance.now());
        throw new Error("no");
      },
      { quietMs: 0, failed },
    );
    task.note();
    await until(() => at.length === 3, "three runs");
    await task.stop();
    const [first, second, third] = at as [number, number, number];
    expect([second - first >= 99, third - second >= 199]).toEqual([true, true]);
  });
});
