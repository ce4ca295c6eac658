import type { TestResult } from "../policy-test/run.ts";
import type { Terminal } from "./terminal.ts";

/** The results of a file of policy tests. */
export interface FileResults {
  readonly file: string;
  readonly results: readonly TestResult[];
}

/** Flows that are told one by one; more are counted. */
const COMPLAINTS_SHOWN = 10;

export function textReport(files: readonly FileResults[], terminal: Pick<Terminal, "style">): string {
  const marks = {
    passed: terminal.style("green", "ok    "),
    failed: terminal.style("red", "FAILED"),
    error: terminal.style("red", "ERROR "),
  };
  const lines = files.flatMap(({ file, results }) => [
    terminal.style("bold", file),
    ...results.flatMap((result) => [
      `  ${marks[result.outcome]}  ${result.test.name}${result.outcome === "passed" ? "" : `  (${file}:${result.test.line})`}`,
      ...shown(result).map((complaint) => `            ${complaint}`),
    ]),
  ]);
  const all = files.flatMap(({ results }) => results);
  const count = (outcome: TestResult["outcome"]) => all.filter((one) => one.outcome === outcome).length;
  const flows = all.reduce((sum, one) => sum + one.flows, 0);
  return [
    ...lines,
    "",
    `${count("passed")} passed, ${count("failed")} failed, ${count("error")} errors; ${flows} flows`,
  ].join("\n");
}

/** Test Anything Protocol, version 14 (testanything.org). */
export function tapReport(files: readonly FileResults[]): string {
  const all = files.flatMap(({ file, results }) => results.map((result) => ({ file, result })));
  const lines = all.flatMap(({ file, result }, i) => {
    const title = result.test.name.replace(/[\\#]/g, "\\$&").replaceAll("\n", " ");
    const line = `${result.outcome === "passed" ? "ok" : "not ok"} ${i + 1} - ${title}`;
    if (result.outcome === "passed") return [line];
    const facts = [
      `at: ${JSON.stringify(`${file}:${result.test.line}`)}`,
      `severity: ${result.outcome === "error" ? "error" : "fail"}`,
      "message:",
      ...shown(result).map((complaint) => `  - ${JSON.stringify(complaint)}`),
    ];
    return [line, "  ---", ...facts.map((fact) => `  ${fact}`), "  ..."];
  });
  return ["TAP version 14", `1..${all.length}`, ...lines].join("\n");
}

/** The XML that continuous integration reads: one suite a file. */
export function junitReport(files: readonly FileResults[]): string {
  const suites = files.flatMap(({ file, results }) => {
    const count = (outcome: TestResult["outcome"]) => results.filter((one) => one.outcome === outcome).length;
    const counts = `tests="${results.length}" failures="${count("failed")}" errors="${count("error")}"`;
    return [
      `  <testsuite name="${xml(file)}" ${counts}>`,
      ...results.flatMap((one) => testcase(file, one)),
      "  </testsuite>",
    ];
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", ...suites, "</testsuites>"].join("\n");
}

function testcase(file: string, result: TestResult): string[] {
  const open = `    <testcase classname="${xml(file)}" name="${xml(result.test.name)}" file="${xml(file)}" line="${result.test.line}"`;
  if (result.outcome === "passed") return [`${open}/>`];
  const tag = result.outcome === "error" ? "error" : "failure";
  const [message = ""] = result.complaints;
  return [
    `${open}>`,
    `      <${tag} message="${xml(message)}">${xml(shown(result).join("\n"))}</${tag}>`,
    "    </testcase>",
  ];
}

function shown({ complaints }: TestResult): string[] {
  const more = complaints.length - COMPLAINTS_SHOWN;
  return [...complaints.slice(0, COMPLAINTS_SHOWN), ...(more > 0 ? [`and ${more} more flows`] : [])];
}

/** Characters that XML 1.0 can't hold are left out. */
function xml(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, "")
    .replace(/[&<>"]/g, (character) => entities[character] as string);
}
