/** Who a base includes before classes are toggled. */
export const OUTSIDERS = 1;
export const MEMBERS = 2;

/**
 * A set of classes, written so that "all members but two" is as short as "two members": everybody of the base, except
 * that each toggled class is the other way round.
 */
export interface ClassSet {
  /** OUTSIDERS, MEMBERS, both or neither. */
  readonly base: number;
  /** Ascending. */
  readonly toggled: Uint32Array;
}

export const EVERYBODY: ClassSet = { base: OUTSIDERS | MEMBERS, toggled: new Uint32Array(0) };

/**
 * The set of some classes, ascending; those from `firstMember` up to `count` that are in `has` are members'. A class that
 * nobody is in isn't toggled: the set must be another one when somebody is.
 */
export function classSet(
  classes: readonly number[],
  firstMember: number,
  count: number,
  has: (cls: number) => boolean,
): ClassSet {
  const cut = classes.findIndex((cls) => cls >= firstMember);
  const outsiders = cut < 0 ? classes : classes.slice(0, cut);
  const members = cut < 0 ? [] : classes.slice(cut);
  const mostOutsiders = outsiders.length * 2 > firstMember;
  const mostMembers = members.length * 2 > count - firstMember;
  const toggled = [
    ...(mostOutsiders ? missing(outsiders, 0, firstMember) : outsiders),
    ...(mostMembers ? missing(members, firstMember, count).filter(has) : members),
  ];
  return { base: (mostOutsiders ? OUTSIDERS : 0) | (mostMembers ? MEMBERS : 0), toggled: Uint32Array.from(toggled) };
}

/** All members but some classes. */
export function otherMembers(classes: readonly number[]): ClassSet {
  return { base: MEMBERS, toggled: Uint32Array.from(classes) };
}

/** The set with a class turned round that it doesn't toggle. */
export function toggle({ base, toggled }: ClassSet, cls: number): ClassSet {
  return { base, toggled: Uint32Array.from([...toggled, cls]).sort() };
}

/** The set with some classes no more toggled; the same object if none is. */
export function without(set: ClassSet, classes: ReadonlySet<number>): ClassSet {
  if (!set.toggled.some((cls) => classes.has(cls))) return set;
  return { base: set.base, toggled: set.toggled.filter((cls) => !classes.has(cls)) };
}

/** The set after parts of classes became classes: a new one, by the class it came from, is where that is. */
export function split(set: ClassSet, offs: ReadonlyMap<number, number>): ClassSet {
  const more: number[] = [];
  for (let i = 0; i < set.toggled.length; i++) {
    const off = offs.get(set.toggled[i] as number);
    if (off !== undefined) more.push(off);
  }
  return more.length === 0 ? set : { base: set.base, toggled: Uint32Array.from([...set.toggled, ...more]).sort() };
}

export function isSame(a: ClassSet, b: ClassSet): boolean {
  return (
    a.base === b.base && a.toggled.length === b.toggled.length && a.toggled.every((cls, i) => cls === b.toggled[i])
  );
}

function missing(sorted: readonly number[], from: number, to: number): number[] {
  const rest: number[] = [];
  let next = 0;
  for (let cls = from; cls < to; cls++) {
    if (sorted[next] === cls) next++;
    else rest.push(cls);
  }
  return rest;
}
