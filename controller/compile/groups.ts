import type { Labels, Namespace, OverlayEndpoint } from "../model/resources.ts";
import { selects } from "../model/selectors.ts";
import { labelText } from "./admission.ts";
import { type IndexedLabels, type ItemSet, LabelIndex } from "./label-index.ts";
import { compareText } from "./order.ts";
import type { PodSelection } from "./selections.ts";
import { labelsOf, type SeenLabels, Vocabulary } from "./vocabulary.ts";

/**
 * Endpoints of one namespace whose labels no selector can tell apart. Those of the construction are numbered by
 * namespace and indexed; later ones, which must stay few, follow in the order in which they come up.
 */
export class Groups {
  /** The groups of the endpoints of the construction, in their order. */
  readonly initial: readonly number[];
  private readonly vocabulary = new Vocabulary();
  private readonly groups: Group[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly namespaces: Namespaces;
  /** Groups from here on aren't indexed. */
  private readonly indexed: number;
  private readonly index: LabelIndex;
  private readonly namespaceIndex: LabelIndex;
  /** First group and end of indexed groups of each namespace that has endpoints, by name. */
  private readonly spans: readonly Span[];
  private readonly spanOf: ReadonlyMap<string, Span>;

  constructor(
    endpoints: readonly OverlayEndpoint[],
    namespaces: readonly Namespace[],
    selections: readonly PodSelection[],
  ) {
    this.namespaces = new Namespaces(namespaces);
    for (const selection of selections) this.vocabulary.learn(selection);
    this.vocabulary.settle();
    const groups = new Map<string, Group>();
    const texts = endpoints.map(({ namespace }, i) => {
      const labels = this.vocabulary.seen(endpoints[i] as OverlayEndpoint);
      const text = textOf(namespace, labels);
      if (!groups.has(text)) groups.set(text, { text, namespace, labels });
      return text;
    });
    const sorted = [...groups.values()].sort((a, b) => compareText(a.text, b.text));
    for (const group of sorted) this.add(group);
    this.initial = texts.map((text) => this.numbers.get(text) as number);
    this.indexed = this.groups.length;
    this.index = new LabelIndex(sorted.map(({ labels }) => indexable(labels)));
    this.spans = spansOf(sorted.map(({ namespace }) => namespace));
    this.spanOf = new Map(this.spans.map((span) => [span[0], span]));
    this.namespaceIndex = new LabelIndex(
      this.spans.map(([name]) => new Map(Object.entries(this.namespaces.labels(name)))),
    );
  }

  /** Numbers are below. */
  get count(): number {
    return this.groups.length;
  }

  /** Whether the namespaces of all groups have the labels that these say; others are learnt. */
  agrees(namespaces: readonly Namespace[]): boolean {
    return this.namespaces.agrees(namespaces);
  }

  /** The group of an endpoint. One that is alone so far gets a new one. */
  of(endpoint: OverlayEndpoint): number {
    const { namespace } = endpoint;
    const labels = this.vocabulary.seen(endpoint);
    const text = textOf(namespace, labels);
    return this.numbers.get(text) ?? this.add({ text, namespace, labels });
  }

  /** Takes notice of what a selection can see; `seesMore` then says whose group may be another now, until `settle`. */
  learn(selection: PodSelection): void {
    this.vocabulary.learn(selection);
  }

  get seesMore(): ((endpoint: OverlayEndpoint) => boolean) | undefined {
    return this.vocabulary.hasNews ? (endpoint) => this.vocabulary.seesMore(endpoint) : undefined;
  }

  settle(): void {
    this.vocabulary.settle();
  }

  /** Nobody is in the group any more: its number isn't used again. */
  remove(group: number): void {
    const { text } = this.groups[group] as Group;
    if (this.numbers.get(text) === group) this.numbers.delete(text);
  }

  matches(selection: PodSelection, group: number): boolean {
    const { namespace, labels } = this.groups[group] as Group;
    if ("namespace" in selection && selection.namespace !== namespace) return false;
    if (!selects(labelsOf(selection), labels)) return false;
    return !("namespaces" in selection) || selects(selection.namespaces, this.namespaces.labels(namespace));
  }

  /** The groups that a selection matches; among those listed may be some that nobody is in. */
  select(selection: PodSelection): ItemSet {
    const { others, listed } = this.selectIndexed(selection);
    const more: number[] = [];
    for (let group = this.indexed; group < this.groups.length; group++)
      if (this.matches(selection, group) !== others) more.push(group);
    return { others, listed: more.length === 0 ? listed : Uint32Array.from([...listed, ...more]) };
  }

  private selectIndexed(selection: PodSelection): ItemSet {
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

  private add(group: Group): number {
    this.numbers.set(group.text, this.groups.length);
    return this.groups.push(group) - 1;
  }
}

/** A namespace's name, first group, and end of groups. */
type Span = readonly [string, number, number];

interface Group {
  readonly text: string;
  readonly namespace: string;
  readonly labels: SeenLabels;
}

function textOf(namespace: string, labels: SeenLabels): string {
  let text = namespace;
  for (const key in labels) text += `\n${key}=${labels[key]}`;
  return text;
}

function indexable(labels: SeenLabels): IndexedLabels {
  return new Map(Object.entries(labels));
}

/** Labels of namespaces, those that were asked for held on to. */
class Namespaces {
  private declared: ReadonlyMap<string, Namespace>;
  private readonly asked = new Map<string, Namespace>();

  constructor(namespaces: readonly Namespace[]) {
    this.declared = byName(namespaces);
  }

  labels(name: string): Labels {
    const known = this.asked.get(name) ?? this.namespace(name);
    this.asked.set(name, known);
    return known.labels;
  }

  agrees(namespaces: readonly Namespace[]): boolean {
    this.declared = byName(namespaces);
    return [...this.asked].every(([name, asked]) => {
      const now = this.namespace(name);
      return now === asked || labelText(now) === labelText(asked);
    });
  }

  /** A namespace that nobody declared has the one label that Kubernetes gives every namespace. */
  private namespace(name: string): Namespace {
    return this.declared.get(name) ?? { name, labels: { "kubernetes.io/metadata.name": name } };
  }
}

function byName(namespaces: readonly Namespace[]): ReadonlyMap<string, Namespace> {
  return new Map(namespaces.map((namespace) => [namespace.name, namespace]));
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
