/** What an object is beneath its prototype, as structured cloning sees it. */
export type Brand =
  | "plain"
  | "Array"
  | "Date"
  | "RegExp"
  | "Map"
  | "Set"
  | "Error"
  | "View"
  | "ArrayBuffer"
  | "Boxed"
  /** Tied to this thread or to no data at all: a promise, a URL object, a weak map. */
  | "foreign";

type Getter = (this: unknown) => unknown;

function getter(prototype: object, name: string): Getter {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as Getter;
}

const mapSize = getter(Map.prototype, "size");
const setSize = getter(Set.prototype, "size");
const regExpSource = getter(RegExp.prototype, "source");
const bufferLength = getter(ArrayBuffer.prototype, "byteLength");

interface Test {
  readonly brand: Brand;
  readonly type: abstract new (...args: never[]) => object;
  /** Throws for an object that only has the prototype. */
  readonly verify: (value: object) => unknown;
}

const TESTS: readonly Test[] = [
  { brand: "Date", type: Date, verify: (value) => Date.prototype.getTime.call(value) },
  { brand: "Map", type: Map, verify: (value) => mapSize.call(value) },
  { brand: "Set", type: Set, verify: (value) => setSize.call(value) },
  { brand: "RegExp", type: RegExp, verify: (value) => regExpSource.call(value) },
  { brand: "ArrayBuffer", type: ArrayBuffer, verify: (value) => bufferLength.call(value) },
  { brand: "Boxed", type: Number, verify: (value) => Number.prototype.valueOf.call(value) },
  { brand: "Boxed", type: String, verify: (value) => String.prototype.valueOf.call(value) },
  { brand: "Boxed", type: Boolean, verify: (value) => Boolean.prototype.valueOf.call(value) },
  {
    brand: "Boxed",
    type: BigInt as unknown as Test["type"],
    verify: (value) => BigInt.prototype.valueOf.call(value),
  },
];

const viewTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as Getter;

const SPECIAL: ReadonlySet<object> = new Set<object>([
  ...TESTS.map((test) => test.type.prototype as object),
  Error.prototype,
  Array.prototype,
  Function.prototype,
  Symbol.prototype,
  Iterator.prototype,
  Object.getPrototypeOf(Uint8Array.prototype) as object,
]);

/** The global constructor that a `Symbol.toStringTag` such as `"Intl.Locale"` names. */
function globalNamed(tag: unknown): unknown {
  if (typeof tag !== "string") return undefined;
  let found: unknown = globalThis;
  for (const step of tag.split(".")) {
    if (found === null || found === undefined) return undefined;
    found = (found as Record<string, unknown>)[step];
  }
  return found;
}

function isPlatformPrototype(prototype: object): boolean {
  const tag = Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag);
  if (tag === undefined) return false;
  const type = globalNamed(tag.value);
  return typeof type === "function" && type.prototype === prototype;
}

function inspectChain(prototype: object): boolean {
  let last = prototype;
  for (let each: object | null = prototype; each !== null; each = Object.getPrototypeOf(each)) {
    if (SPECIAL.has(each) || isPlatformPrototype(each)) return false;
    if (each !== Object.prototype && Object.keys(each).length > 0) return false;
    last = each;
  }
  return last === Object.prototype;
}

const plainPrototypes = new WeakMap<object, boolean>();

/**
 * Whether objects with this prototype are certainly their own enumerable properties and nothing
 * else, and inherit no enumerable ones. `false` only means that {@linkcode brandOf} must look closer.
 */
export function isPlainPrototype(prototype: object | null): boolean {
  if (prototype === Object.prototype || prototype === null) return true;
  let plain = plainPrototypes.get(prototype);
  if (plain === undefined) {
    plain = inspectChain(prototype);
    plainPrototypes.set(prototype, plain);
  }
  return plain;
}

function passes(test: Test, value: object): boolean {
  try {
    test.verify(value);
    return true;
  } catch {
    return false;
  }
}

function isForeign(value: object): boolean {
  for (
    let each: object | null = Object.getPrototypeOf(value);
    each !== null;
    each = Object.getPrototypeOf(each)
  ) {
    if (isPlatformPrototype(each) && !TESTS.some((test) => test.type.prototype === each)) {
      return true;
    }
    if (each === Iterator.prototype || each === Function.prototype) return true;
  }
  return false;
}

/** What an object is, told by what the engine keeps inside it and not by what it claims. */
export function brandOf(value: object): Brand {
  if (Array.isArray(value)) return "Array";
  if (isPlainPrototype(Object.getPrototypeOf(value))) return "plain";
  if (ArrayBuffer.isView(value)) return "View";
  if (Error.isError(value)) return "Error";
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  for (const test of TESTS) {
    if ((value instanceof test.type || tag === test.type.name) && passes(test, value)) {
      return test.brand;
    }
  }
  return isForeign(value) ? "foreign" : "plain";
}

/** The name that a message gives an object: `Promise`, `URL`, `Uint8Array`. */
export function nameOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** `"Uint8Array"`, `"DataView"` and so on, whatever class extends it. */
export function viewName(view: ArrayBufferView): string {
  return viewTag.call(view) as string | undefined ?? "DataView";
}

/** The primitive inside a `Number`, `String`, `Boolean` or `BigInt` object. */
export function unboxed(value: object): unknown {
  const test = TESTS.find((each) => each.brand === "Boxed" && passes(each, value));
  return test?.verify(value);
}
