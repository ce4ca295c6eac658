import { diffText } from "../cli/diff-text.ts";
import type { Terminal } from "../cli/terminal.ts";
import { listed } from "../offline/listed.ts";
import type { Change } from "./before-after.ts";

/** What an opt-in changes, for those who are asked. */
export function changeText(
  { differences, joining, outsiders }: Change,
  overlay: string,
  terminal: Pick<Terminal, "style">,
): string[] {
  const flows = diffText([{ overlay, differences, added: [], removed: [] }], terminal);
  const others = outsiders.length === 0 ? "" : `, such as pods of ${listed(outsiders)},`;
  return [
    `${joining.length} pods join overlay ${overlay}. Everybody who isn't in it${others} reaches them no more.`,
    ...flows.split("\n").map((line) => `  ${line}`.trimEnd()),
  ];
}
