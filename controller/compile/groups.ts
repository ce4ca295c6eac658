import type { Labels, Namespace, OverlayEndpoint, Selector } from "../model/resources.ts";
import { type IndexedLabels, type ItemSet, LabelIndex } from "./label-index.ts";
import type { IdentitySelection, PodSelection } from "./selections.ts";

/** Endpoints of one namespace whose labels no selector can tell apart, numbered by namespace. */
export class Groups {
  /** The group of each endpoint. */
  readonly of: Int32Array;
  readonly count: number;
  private readonly index: LabelIndex;
  private readonly namespaceIndex: LabelIndex;
  /** First group and end of groups of each namespace that has endpoints, by name. */
  private readonly spans: readonly Span[];
  private readonly spanOf: ReadonlyMap<string, Span>;

  constructor(
    endpoints: readonly OverlayEndpoint[],
    namespaces: readonly Namespace[],
    selections: readonly PodSelection[],
  ) {
    const vocabulary = vocabularyOf(selections.map((selection) => labelsOf(selection).requirements));
    const identities = selections.filter((selection) => "identity" in selection);
    const sorted = group(endpoints, vocabulary, identities);
    this.count = sorted.length;
    this.of = new Int32Array(endpoints.length);
    sorted.forEach(({ members }, g) => {
      for (const endpoint of members) this.of[endpoint] = g;
    });
    this.index = new LabelIndex(sorted.map(({ labels }) => labels));
    this.spans = spansOf(sorted.map(({ namespace }) => namespace));
    this.spanOf = new Map(this.spans.map((span) => [span[0], span]));
    const declared = new Map(namespaces.map(({ name, labels }) => [name, labels]));
    this.namespaceIndex = new LabelIndex(this.spans.map(([name]) => namespaceLabels(name, declared)));
  }

  /** The groups that a selection matches. */
  select(selection: PodSelection): ItemSet {
    const spans = this.spansFor(selection);
    const pods = labelsOf(selection);
    if (spans.length === this.spans.length) return this.index.selectSet(pods);
    const listed = spans.flatMap(([, from, to]) => this.index.select(pods, from, to));
    return { others: false, listed: Uint32Array.from(listed) };
  }

  private spansFor(selection: PodSelection): readonly Span[] {
    if ("identity" in selection) return this.spans;
    if ("namespace" in selection) {
      const span = this.spanOf.get(selection.namespace);
      return span === undefined ? [] : [span];
    }
    const chosen = this.namespaceIndex.select(selection.namespaces, 0, this.spans.length);
    return chosen.map((n) => this.spans[n] as Span);
  }
}

/** A namespace's name, first group, and end of groups. */
type Span = readonly [string, number, number];

interface Group {
  readonly namespace: string;
  readonly labels: IndexedLabels;
  readonly members: number[];
}

/** The label keys that selectors mention, with the values they mention. */
type Vocabulary = ReadonlyMap<string, ReadonlySet<string>>;

function vocabularyOf(
  selectors: Iterable<readonly { readonly key: string; readonly values: readonly string[] }[]>,
): Vocabulary {
  const vocabulary = new Map<string, Set<string>>();
  for (const requirements of selectors) {
    for (const { key, values } of requirements) {
      const known = vocabulary.get(key) ?? new Set();
      vocabulary.set(key, known);
      for (const value of values) known.add(value);
    }
  }
  return vocabulary;
}

/** An identity that a rule names is as good as a label; no label's key begins like these. */
const identityKey = (pattern: string) => `\0${pattern}`;

function labelsOf(selection: PodSelection): Selector {
  if (!("identity" in selection)) return selection.pods;
  return { requirements: [{ key: identityKey(selection.identity), operator: "Exists", values: [] }] };
}

function hasIdentity({ identity }: OverlayEndpoint, pattern: string): boolean {
  return pattern.endsWith("/*") ? identity.startsWith(pattern.slice(0, -1)) : identity === pattern;
}

function group(
  endpoints: readonly OverlayEndpoint[],
  vocabulary: Vocabulary,
  identities: readonly IdentitySelection[],
): Group[] {
  const groups = new Map<string, Group>();
  endpoints.forEach((member, endpoint) => {
    const { namespace, labels } = member;
    const marks = identities.filter(({ identity }) => hasIdentity(member, identity));
    const seen: [string, string | undefined][] = [
      ...seenLabels(labels, vocabulary),
      ...marks.map(({ identity }): [string, undefined] => [identityKey(identity), undefined]),
    ];
    const text = [namespace, ...seen.map(([key, value]) => (value === undefined ? key : `${key}=${value}`))].join("\n");
    const known = groups.get(text);
    if (known === undefined) groups.set(text, { namespace, labels: new Map(seen), members: [endpoint] });
    else known.members.push(endpoint);
  });
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

/** The labels that some selector could see, by key; a value that none mentions is undefined. */
function seenLabels(labels: Labels, vocabulary: Vocabulary): [string, string | undefined][] {
  const seen: [string, string | undefined][] = [];
  for (const key of Object.keys(labels).sort()) {
    const values = vocabulary.get(key);
    const value = labels[key] as string;
    if (values !== undefined) seen.push([key, values.has(value) ? value : undefined]);
  }
  return seen;
}

/** Runs of equal names. */
function spansOf(names: readonly string[]): Span[] {
  const spans: [string, number, number][] = [];
  names.forEach((name, i) => {
    const last = spans.at(-1);
    if (last?.[0] === name) last[2] = i + 1;
    else spans.push([name, i, i + 1]);
  });
  return spans;
}

/** A namespace that nobody declared has the one label that Kubernetes gives every namespace. */
function namespaceLabels(name: string, declared: ReadonlyMap<string, Labels>): IndexedLabels {
  return new Map(Object.entries(declared.get(name) ?? { "kubernetes.io/metadata.name": name }));
}
