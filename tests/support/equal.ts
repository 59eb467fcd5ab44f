/**
 * Deep equality as `@std/assert` documents and tests it, for places that cannot reach JSR.
 *
 * Zeros of either sign are equal and so are NaNs; own keys count whether their value is undefined
 * or not, in any order; the prototype counts, except that null stands for `Object.prototype`; sets
 * and maps are equal in any order and by deeply equal keys; objects of a class are compared by all
 * they inherit too, getters included.
 *
 * @module
 */

type Keyed = Set<unknown> | Map<unknown, unknown>;
type Pairs = Map<object, object>;
type Indexed = ArrayLike<unknown>;

const PLAIN_PROTOTYPES: ReadonlySet<unknown> = new Set([null, Object.prototype, Array.prototype]);
const PRINTABLE_PROTOTYPES: ReadonlySet<unknown> = new Set([
  RegExp.prototype,
  URL.prototype,
  URLSearchParams.prototype,
  Intl.Locale.prototype,
]);

function sameValueZero(a: unknown, b: unknown): boolean {
  return a === b || Object.is(a, b);
}

function samePrototype(a: object, b: object): boolean {
  const normal = (value: object) => Object.getPrototypeOf(value) ?? Object.prototype;
  return normal(a) === normal(b);
}

function isKeyed(value: object): value is Keyed {
  return value instanceof Set || value instanceof Map;
}

function isBuffer(value: object): value is ArrayBuffer | SharedArrayBuffer {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

function isTypedArray(value: object): value is object & Indexed {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function refuseWeak(value: object): void {
  if (value instanceof WeakMap || value instanceof WeakSet) {
    throw new TypeError(`Cannot compare ${value.constructor.name} instances`);
  }
}

function compareIndexed(a: Indexed, b: Indexed): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (!sameValueZero(a[i], b[i])) return false;
  }
  return true;
}

function hasEntry(keyed: Keyed, [key, value]: [unknown, unknown], pairs: Pairs): boolean {
  if (keyed instanceof Set && keyed.has(key)) return true;
  for (const [otherKey, otherValue] of keyed.entries()) {
    if (!compare(key, otherKey, pairs)) continue;
    if (keyed instanceof Set || compare(value, otherValue, pairs)) return true;
  }
  return false;
}

function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function");
}

function compareByKey(a: Keyed, b: Keyed, pairs: Pairs): boolean {
  for (const key of a.keys()) {
    if (!b.has(key)) return false;
    if (a instanceof Map && b instanceof Map && !compare(a.get(key), b.get(key), pairs)) {
      return false;
    }
  }
  return true;
}

function compareKeyed(a: Keyed, b: Keyed, pairs: Pairs): boolean {
  if (a.size !== b.size) return false;
  if (a.keys().every(isPrimitive)) return compareByKey(a, b, pairs);
  return a.entries().every((entry) => hasEntry(b, entry, pairs));
}

/** Own keys; of an object of a class also those of its prototypes. */
function keysOf(value: object): Set<PropertyKey> {
  if (PLAIN_PROTOTYPES.has(Object.getPrototypeOf(value))) {
    return new Set(Reflect.ownKeys({ ...value }));
  }
  const keys = new Set<PropertyKey>();
  for (
    let at: object | null = value;
    at !== null && at !== Object.prototype && at !== Array.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    for (const key of Reflect.ownKeys(at)) keys.add(key);
  }
  return keys;
}

function compareProperties(a: object, b: object, pairs: Pairs): boolean {
  for (const key of keysOf(a).union(keysOf(b))) {
    if (key in a !== key in b) return false;
    const left = (a as Record<PropertyKey, unknown>)[key];
    const right = (b as Record<PropertyKey, unknown>)[key];
    if (!compare(left, right, pairs)) return false;
  }
  return true;
}

function compareObjects(a: object, b: object, pairs: Pairs): boolean {
  if (pairs.get(a) === b) return true;
  if (Object.keys(a).length !== Object.keys(b).length) return false;
  pairs.set(a, b);
  if (isKeyed(a)) return compareKeyed(a, b as Keyed, pairs);
  if (PRINTABLE_PROTOTYPES.has(Object.getPrototypeOf(a))) return String(a) === String(b);
  return compareProperties(a, b, pairs);
}

function compare(a: unknown, b: unknown, pairs: Pairs): boolean {
  if (sameValueZero(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (!samePrototype(a, b)) return false;
  refuseWeak(a);
  if (isTypedArray(a)) return compareIndexed(a, b as Indexed);
  if (isBuffer(a)) return compareIndexed(new Uint8Array(a), new Uint8Array(b as ArrayBuffer));
  if (a instanceof WeakRef) return compare(a.deref(), (b as WeakRef<object>).deref(), pairs);
  return compareObjects(a, b, pairs);
}

/**
 * Whether two values are deeply equal.
 *
 * @throws {TypeError} when two `WeakMap`s or `WeakSet`s are to be compared.
 */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}
