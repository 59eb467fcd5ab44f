/** What of two values differs first, strictly: kinds, `-0`, key order, holes, hidden properties. */
type Pair = readonly [a: unknown, b: unknown, path: string];

function kindOf(value: object): string {
  const prototype = Object.getPrototypeOf(value);
  return `${Object.prototype.toString.call(value)} ${prototype?.constructor?.name}`;
}

function bytesOf(value: ArrayBufferView | ArrayBuffer): string {
  const view = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
  return view.toHex();
}

/** The data inside an object that its properties do not show, as a string. */
function innards(value: object): string {
  if (value instanceof Date) return String(value.getTime());
  if (value instanceof RegExp) return String(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return bytesOf(value);
  if (value instanceof Error) {
    return `${value.name}: ${value.message} ${Object.hasOwn(value, "message")} ${value.stack}`;
  }
  if (Array.isArray(value)) return String(value.length);
  if (value instanceof Number || value instanceof String) return JSON.stringify([value.valueOf()]);
  return "";
}

function inside(value: object): unknown[] {
  if (value instanceof Map) return [...value].flat();
  if (value instanceof Set) return [...value];
  if (value instanceof Error) return [value.cause, Object.hasOwn(value, "cause")];
  if (value instanceof Boolean || value instanceof BigInt) return [value.valueOf()];
  return [];
}

function compareObjects(a: object, b: object, path: string, open: Pair[]): string | undefined {
  if (kindOf(a) !== kindOf(b)) return `${path}: ${kindOf(a)} against ${kindOf(b)}`;
  if (innards(a) !== innards(b)) return `${path}: ${innards(a)} against ${innards(b)}`;
  if (ArrayBuffer.isView(a)) return undefined;
  const keys = Object.keys(a);
  const others = Object.keys(b);
  if (JSON.stringify(keys) !== JSON.stringify(others)) {
    return `${path}: keys ${JSON.stringify(keys)} against ${JSON.stringify(others)}`;
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key of keys) open.push([left[key], right[key], `${path}.${key}`]);
  const [ours, theirs] = [inside(a), inside(b)];
  if (ours.length !== theirs.length) {
    return `${path}: ${ours.length} against ${theirs.length} items`;
  }
  ours.forEach((item, i) => open.push([item, theirs[i], `${path}#${i}`]));
  return undefined;
}

/**
 * Where two values differ, or `undefined` if they are the same by every means: kind, `-0`, order of
 * keys, holes, own `__proto__`. Circles are followed once.
 */
export function difference(a: unknown, b: unknown): string | undefined {
  const seen = new Map<object, object>();
  const open: Pair[] = [[a, b, "value"]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [left, right, path] = pair;
    if (Object.is(left, right)) continue;
    if (typeof left !== "object" || typeof right !== "object" || !left || !right) {
      return `${path}: ${String(left)} against ${String(right)}`;
    }
    if (seen.get(left) === right) continue;
    seen.set(left, right);
    const found = compareObjects(left, right, path, open);
    if (found !== undefined) return found;
  }
  return undefined;
}
