import { isIdentity } from "../model/identity.ts";
import type { Labels, OverlayEndpoint, Selector } from "../model/resources.ts";
import type { PodSelection } from "./selections.ts";

/** Label keys and values, and identities, that selections mention: all that they can tell about a member. It only grows. */
export class Vocabulary {
  private readonly values = new Map<string, Set<string>>();
  private readonly identities = new Set<string>();
  /** What was learnt since `settle`. Values of new keys aren't listed: whoever has the key is concerned. */
  private newValues = new Map<string, Set<string>>();
  private readonly newKeys = new Set<string>();
  private readonly newIdentities = new Set<string>();

  learn(selection: PodSelection): void {
    if ("identity" in selection) {
      if (!this.identities.has(selection.identity)) this.newIdentities.add(selection.identity);
      this.identities.add(selection.identity);
      return;
    }
    for (const { key, values } of selection.pods.requirements) {
      const known = this.values.get(key);
      if (known === undefined) this.newKeys.add(key);
      this.values.set(key, known ?? new Set());
      for (const value of values) this.learnValue(key, value);
    }
  }

  private learnValue(key: string, value: string): void {
    const known = this.values.get(key) as Set<string>;
    if (known.has(value)) return;
    known.add(value);
    if (this.newKeys.has(key)) return;
    const news = this.newValues.get(key);
    if (news === undefined) this.newValues.set(key, new Set([value]));
    else news.add(value);
  }

  get hasNews(): boolean {
    return this.newKeys.size + this.newValues.size + this.newIdentities.size > 0;
  }

  /** Is more seen of a member since `settle`? */
  seesMore(member: OverlayEndpoint): boolean {
    const { labels } = member;
    for (const key of this.newKeys) if (Object.hasOwn(labels, key)) return true;
    for (const [key, values] of this.newValues)
      if (Object.hasOwn(labels, key) && values.has(labels[key] as string)) return true;
    for (const identity of this.newIdentities) if (isIdentity(identity, member.identity)) return true;
    return false;
  }

  settle(): void {
    this.newKeys.clear();
    this.newValues = new Map();
    this.newIdentities.clear();
  }

  /** What selections can see of a member. */
  seen(member: OverlayEndpoint): SeenLabels {
    const seen: Record<string, string> = Object.create(null);
    for (const key of Object.keys(member.labels).sort()) {
      const values = this.values.get(key);
      const value = member.labels[key] as string;
      if (values !== undefined) seen[key] = values.has(value) ? value : OTHER;
    }
    for (const identity of this.identities)
      if (isIdentity(identity, member.identity)) seen[identityKey(identity)] = OTHER;
    return seen;
  }
}

/** Labels by key, in an order that equal ones share. */
export type SeenLabels = Labels;

/** A value that no selector mentions, and no label has. */
const OTHER = "\0";

/** An identity that a rule names is as good as a label; no label's key begins like these. */
const identityKey = (pattern: string) => `\0${pattern}`;

/** A selection of pods as a selector over what `seen` gives. */
export function labelsOf(selection: PodSelection): Selector {
  if (!("identity" in selection)) return selection.pods;
  return { requirements: [{ key: identityKey(selection.identity), operator: "Exists", values: [] }] };
}
