/** The command line that runs `argv` as another user, for whom nft and the kernel tell them apart. Needs root. */
export function asUser(uid: number, argv: readonly string[]): string[] {
  // Programs of this project, its test folder and even Node may lie where only root may look.
  const look = ["--inh-caps", "+dac_override,+dac_read_search", "--ambient-caps", "+dac_override,+dac_read_search"];
  return ["setpriv", "--reuid", String(uid), "--regid", String(uid), "--clear-groups", ...look, ...argv];
}
