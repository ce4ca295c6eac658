import { z } from "zod";
import { didYouMean } from "./closest.ts";
import { formatPath, type Issue, type Path, shown } from "./issue.ts";
import { type Grammar, grammarComplaint } from "./names.ts";

/** Longer lists are refused: nobody writes them by hand, and each entry costs time and memory. */
export const LIST_MAX = 10_000;
/** Messages about one object; a person fixes a few at a time. */
const ISSUES_MAX = 50;

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly issues: Issue[] };

/** Checks `value`, which stands at `at` in its object. */
export function check<T>(schema: z.ZodType<T>, value: unknown, at: Path): Checked<T> {
  const result = schema.safeParse(value, { error: complaint });
  if (result.success) return { ok: true, value: result.data };
  return {
    ok: false,
    issues: withoutConsequences(result.error.issues.slice(0, ISSUES_MAX)).flatMap((issue) => split(issue, at)),
  };
}

/**
 * A mapping that refuses fields it doesn't know, as the Kubernetes API does under strict field validation. `hints` has
 * better words than "did you mean" for fields that people often write here.
 */
export function fields<S extends z.ZodRawShape>(shape: S, hints: Readonly<Record<string, string>> = {}) {
  const unknown = (key: string) =>
    (Object.hasOwn(hints, key) && hints[key]) || `is not a known field${didYouMean(key, Object.keys(shape))}`;
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? (issue.keys as string[]).map(unknown).join("\n") : undefined,
  });
}

/** A condition in CEL by which the API server refuses what TypeScript refuses here. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  /** Of the field that is wrong, below the value that the rule is about: `.endPort`. */
  readonly fieldPath?: string;
}

/**
 * Says in zod's metadata what CustomResourceDefinitions shall have here beyond the structure (`crd/open-api.ts`); it
 * checks nothing.
 */
export function published<S extends z.ZodType>(schema: S, ...rules: readonly Rule[]): S {
  const before = (schema.meta()?.[RULES] as Rule[] | undefined) ?? [];
  return schema.meta({ [RULES]: [...before, ...rules] }) as S;
}

const RULES = "x-kubernetes-validations";

/** A value that is absent or null (the Kubernetes API takes both for the same), or as `schema` says. */
export function optional<S extends z.ZodType>(schema: S) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** As `schema` says, or `value` where there is none. */
export function withDefault<S extends z.ZodType>(schema: S, value: z.output<S>) {
  return schema
    .nullish()
    .transform((given) => given ?? value)
    .meta({ default: value });
}

/** The value of the one field that must be there. */
export function oneField<S extends Readonly<Record<string, z.ZodType>>>(
  shape: S,
  hints: Readonly<Record<string, string>> = {},
) {
  const names = Object.keys(shape);
  const optionals = Object.fromEntries(names.map((name) => [name, optional(shape[name] as z.ZodType)]));
  return fields(optionals, hints).transform((value, context): z.output<S[keyof S]> => {
    const there = names.filter((name) => value[name] !== undefined);
    if (there.length === 1) return value[there[0] as string] as z.output<S[keyof S]>;
    const message =
      there.length === 0 ? `is empty: write ${names.join(" or ")}` : `has ${there.join(" and ")}: write one`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

/** A field that is taken and not looked at. */
export const anything = z.unknown().optional();

/** A list of at most LIST_MAX entries; longer ones are refused unread. */
export function list<S extends z.ZodType>(item: S) {
  return z
    .custom<unknown>((value) => !Array.isArray(value) || value.length <= LIST_MAX, {
      error: (issue) => `has ${(issue.input as unknown[]).length} entries, more than ${LIST_MAX}: split it`,
    })
    .pipe(z.array(item))
    .meta({ maxItems: LIST_MAX });
}

/** A list of `least` to `most` entries; `what` says what belongs into it. */
export function sizedList<S extends z.ZodType>(item: S, least: number, most: number, what: string) {
  return list(item)
    .superRefine(sized(least, most, what))
    .meta({ ...(least > 0 && { minItems: least }), maxItems: most });
}

/** Refuses lists that are too short or too long; `what` says what belongs into them. */
export function sized(least: number, most: number, what: string) {
  return (values: readonly unknown[], context: z.RefinementCtx) => {
    if (values.length >= least && values.length <= most) return;
    context.addIssue({
      code: "custom",
      message: `must have ${least} to ${most} entries, not ${values.length}: ${what}`,
    });
  };
}

/** A text; `complain` says what is wrong with it and what to do, or undefined. */
export function text(complain: (value: string) => string | undefined) {
  return z.string().superRefine((value, context) => {
    const message = complain(value);
    if (message !== undefined) context.addIssue({ code: "custom", message: `${shown(value)} ${message}` });
  });
}

/** A text of that grammar. `complain` may have better words for some mistakes. */
export function textOf(grammar: Grammar, complain = (value: string) => grammarComplaint(grammar, value)) {
  const rule = { rule: `self.matches(r'${grammar.pattern.source}')`, message: grammar.message };
  return published(text(complain), rule).meta({ maxLength: grammar.longest });
}

/**
 * The same, for places in lists in lists: the API server counts what conditions cost there at most, but not patterns,
 * which it has worse words for.
 */
export function manyTextsOf(grammar: Grammar, complain = (value: string) => grammarComplaint(grammar, value)) {
  return text(complain).meta({ maxLength: grammar.longest, pattern: grammar.pattern.source });
}

export function integer(least: number, most: number) {
  const isFine = (value: unknown) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
  const range = `a whole number from ${least} to ${most}`;
  return z
    .custom<number>(isFine, {
      error: ({ input }) => (isAbsent(input) ? `is required: ${range}` : `must be ${range}, not ${shown(input)}`),
    })
    .meta({ type: "integer", minimum: least, maximum: most });
}

export function oneOf<const T extends string>(...values: readonly T[]) {
  return z
    .custom<T>((value) => values.includes(value as T), {
      error: ({ input }) => {
        if (isAbsent(input)) return `is required: ${values.join(" or ")}`;
        const near = typeof input === "string" ? didYouMean(input, values) : "";
        return `must be ${values.join(" or ")}, not ${shown(input)}${near}`;
      },
    })
    .meta({ type: "string", enum: values });
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isAbsent = (value: unknown) => value === undefined || value === null;

const WORDS: Readonly<Record<string, string>> = {
  array: "a list",
  object: "a mapping",
  string: "a text",
  number: "a number",
  boolean: "true or false",
};

function complaint(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== "invalid_type") return undefined;
  if (issue.expected === "nonoptional") return "is required";
  const wanted = WORDS[issue.expected] ?? issue.expected;
  if (isAbsent(issue.input)) return `is required: ${wanted}`;
  const quote = issue.expected === "string" && typeof issue.input !== "object" ? "; put it in quotes" : "";
  return `must be ${wanted}, not ${shown(issue.input)}${quote}`;
}

/** A mapping with unknown fields often lacks the ones that were meant: that needs no second message. */
function withoutConsequences(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const misspelled = new Set(
    issues.flatMap(({ code, path }) => (code === "unrecognized_keys" ? [formatPath(path as Path)] : [])),
  );
  return issues.filter(({ code, path }) => code !== "custom" || !misspelled.has(formatPath(path as Path)));
}

/** One issue per place: zod reports all unknown fields of a mapping as one. */
function split(issue: z.core.$ZodIssue, at: Path): Issue[] {
  const path = [...at, ...(issue.path as Path)];
  if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
  const messages = issue.message.split("\n");
  return issue.keys.slice(0, ISSUES_MAX).map((key, i) => ({ path: [...path, key], message: messages[i] as string }));
}
