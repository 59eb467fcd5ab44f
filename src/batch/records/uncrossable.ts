import { type Brand, brandOf, nameOf } from "./brands.ts";
import { type RecordLimits, resolveLimits } from "./limits.ts";

const SHOWN_STEPS = 8;
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** Why a value cannot cross, thrown inside the writer and never seen by callers. */
export class Uncrossable extends Error {
  override readonly name = "Uncrossable";
  /** Whether a limit was exceeded; otherwise the kind of value is the reason. */
  readonly limit: boolean;

  constructor(message: string, limit: boolean) {
    super(message);
    this.limit = limit;
  }
}

/** A position in a value, linked to the one that holds it. */
interface Place {
  readonly value: unknown;
  readonly step: string;
  readonly parent: Place | null;
  readonly depth: number;
}

const FIXES: ReadonlyMap<string, string> = new Map([
  ["Promise", "await it first"],
  ["Blob", "send its bytes (await blob.bytes())"],
  ["File", "send its bytes (await file.bytes())"],
  ["SharedArrayBuffer", "send a copy of its bytes"],
  ["URL", "send its text (url.href)"],
  ["Headers", "send its entries as an array"],
  ["FormData", "send its entries as an array"],
  ["WeakMap", "send a Map or a plain object"],
  ["WeakSet", "send a Set or an array"],
  ["WeakRef", "send the object that it refers to"],
  ["Generator", "send an array of its values"],
]);

/** The reason and the remedy for an object that is tied to its thread. */
export function foreignProblem(value: object): string {
  const name = nameOf(value);
  const fix = FIXES.get(name) ?? "leave it out, or send the plain data it stands for";
  return `is a ${name}, which cannot leave its thread; ${fix}`;
}

export const FUNCTION_PROBLEM =
  "is a function, and functions cannot cross threads; leave it out, or send the data it works with";
export const SYMBOL_PROBLEM =
  "is a symbol, and symbols cannot cross threads; send its description as a string";
export const DETACHED_PROBLEM =
  "is a buffer that was transferred away; send it before transferring it, or send a copy";

export function depthProblem(maxDepth: number): string {
  return `nests deeper than ${maxDepth} levels; flatten the value or raise maxDepth`;
}

export function stringProblem(length: number, maxStringLength: number): string {
  return `is a string of ${length} characters, above the limit of ${maxStringLength}; ` +
    `shorten or split it, or raise maxStringLength`;
}

export function sizeProblem(maxBytes: number): string {
  return `takes more than ${maxBytes} bytes (counted as 9 a value and 3 a character at most); ` +
    `split it or raise maxBytes`;
}

function stepTo(key: string): string {
  return IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function pathOf(place: Place): string {
  const steps: string[] = [];
  for (let each: Place | null = place; each !== null; each = each.parent) steps.push(each.step);
  steps.reverse();
  if (steps.length <= 2 * SHOWN_STEPS) return steps.join("");
  return `${steps.slice(0, SHOWN_STEPS).join("")}…${steps.slice(-SHOWN_STEPS).join("")}`;
}

function* propertiesOf(parent: Place, value: object): Generator<Place> {
  const depth = parent.depth + 1;
  for (const key of Object.keys(value)) {
    const step = Array.isArray(value) && /^\d+$/.test(key) ? `[${key}]` : stepTo(key);
    yield { value: (value as Record<string, unknown>)[key], step, parent, depth };
  }
}

function* entriesOf(parent: Place, map: Map<unknown, unknown>): Generator<Place> {
  const depth = parent.depth + 1;
  for (const [key, value] of Map.prototype.entries.call(map)) {
    yield { value: key, step: ".keys()[…]", parent, depth };
    const name = typeof key === "string" ? JSON.stringify(key) : "…";
    yield { value, step: `.get(${name})`, parent, depth };
  }
}

function* itemsOf(parent: Place, set: Set<unknown>): Generator<Place> {
  const depth = parent.depth + 1;
  for (const value of Set.prototype.values.call(set)) {
    yield { value, step: ".values()[…]", parent, depth };
  }
}

/** What an object holds, one at a time: it may be more than memory has room for places. */
function childrenOf(parent: Place, value: object, brand: Brand): Iterator<Place> {
  if (brand === "plain" || brand === "Array") return propertiesOf(parent, value);
  if (brand === "Map") return entriesOf(parent, value as Map<unknown, unknown>);
  if (brand === "Set") return itemsOf(parent, value as Set<unknown>);
  if (brand !== "Error" || !Object.hasOwn(value, "cause")) return [].values();
  const { cause } = value as Error;
  return [{ value: cause, step: ".cause", parent, depth: parent.depth + 1 }].values();
}

function isDetached(value: object, brand: Brand): boolean {
  if (brand === "View") return isDetached((value as ArrayBufferView).buffer, "ArrayBuffer");
  return brand === "ArrayBuffer" && value instanceof ArrayBuffer && value.detached;
}

function problemOf(place: Place, limits: Required<RecordLimits>): string | undefined {
  const value = place.value;
  if (typeof value === "function") return FUNCTION_PROBLEM;
  if (typeof value === "symbol") return SYMBOL_PROBLEM;
  if (typeof value === "string" && value.length > limits.maxStringLength) {
    return stringProblem(value.length, limits.maxStringLength);
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (place.depth >= limits.maxDepth) return depthProblem(limits.maxDepth);
  const brand = brandOf(value);
  if (brand === "foreign") return foreignProblem(value);
  return isDetached(value, brand) ? DETACHED_PROBLEM : undefined;
}

/**
 * Says what in a value cannot cross to another thread and how to mend it, for error messages:
 * ``value.user.fn is a function, and functions cannot cross threads; leave it out, …``.
 * It walks the whole value, so it is for the moment after a refusal.
 *
 * @returns `undefined` when nothing in the value keeps it from crossing.
 */
export function describeUncrossable(
  value: unknown,
  limits: RecordLimits = {},
): string | undefined {
  const resolved = resolveLimits(limits);
  const seen = new Set<unknown>();
  const root: Place = { value, step: "value", parent: null, depth: 0 };
  const open: Iterator<Place>[] = [[root].values()];
  while (open.length > 0) {
    const { done, value: place } = open[open.length - 1].next();
    if (done) {
      open.pop();
      continue;
    }
    const problem = problemOf(place, resolved);
    if (problem !== undefined) return `${pathOf(place)} ${problem}`;
    const inner = place.value;
    if (typeof inner !== "object" || inner === null || seen.has(inner)) continue;
    seen.add(inner);
    open.push(childrenOf(place, inner, brandOf(inner)));
  }
  return undefined;
}
