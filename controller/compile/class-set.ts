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

/** The set of some classes, ascending; classes from `firstMember` up to `count` are members'. */
export function classSet(classes: readonly number[], firstMember: number, count: number): ClassSet {
  const cut = classes.findIndex((cls) => cls >= firstMember);
  const outsiders = cut < 0 ? classes : classes.slice(0, cut);
  const members = cut < 0 ? [] : classes.slice(cut);
  const mostOutsiders = outsiders.length * 2 > firstMember;
  const mostMembers = members.length * 2 > count - firstMember;
  const toggled = [
    ...(mostOutsiders ? missing(outsiders, 0, firstMember) : outsiders),
    ...(mostMembers ? missing(members, firstMember, count) : members),
  ];
  return { base: (mostOutsiders ? OUTSIDERS : 0) | (mostMembers ? MEMBERS : 0), toggled: Uint32Array.from(toggled) };
}

/** All members but some classes. */
export function otherMembers(classes: readonly number[]): ClassSet {
  return { base: MEMBERS, toggled: Uint32Array.from(classes) };
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
