import { showName, visible } from "./shown_names.ts";

const SHOWN_CHARACTERS = 60;

/**
 * A value that its column cannot hold: thrown by the builders, and turned into a `TypeError` that
 * names row and column by whoever knows them.
 */
export class Misfit extends Error {
  override readonly name = "Misfit";
  /** What the column holds, and what to do when that is not obvious. */
  readonly expected: string;
  /** The value as shown in messages. */
  readonly received: string;
  /** From the column inwards: `.name` and `[3]`. */
  path = "";
  /** What to do about it. */
  fix = "give the column another type in `schema` (`mixed` takes anything), or correct the row";
  /** The position in what was appended at once. */
  position = 0;

  /** A misfit of `value` where `expected` belongs. */
  constructor(expected: string, value: unknown) {
    super(`expected ${expected}, received ${show(value)}`);
    this.expected = expected;
    this.received = show(value);
  }
}

/** The error that tells the user which row does not fit, and why; other errors stay as they are. */
export function rowError(error: unknown, row: number): unknown {
  if (!(error instanceof Misfit)) return error;
  const path = error.path.startsWith(".") ? error.path.slice(1) : error.path;
  const column = path === "" ? "" : `, column ${showName(path)}`;
  return new TypeError(`Cannot build batch: row ${row}${column}: ${error.message}; ${error.fix}`);
}

/** A value for an error message: short, with its type where its text does not tell. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return `${clip(JSON.stringify(value))} (string)`;
    case "bigint":
      return `${clip(`${value}n`)} (bigint)`;
    case "function":
      return `${value.name || "a function"} (function)`;
    case "object":
      return value === null ? "null" : showObject(value);
    default:
      return `${Object.is(value, -0) ? "-0" : String(value)} (${typeof value})`;
  }
}

function showObject(value: object): string {
  if (value instanceof Date) return `${clip(String(value))} (Date)`;
  const name = Array.isArray(value) ? "array" : className(value);
  return `${clip(toText(value))} (${name})`;
}

function toText(value: object): string {
  try {
    const json = JSON.stringify(value, (_, v) => typeof v === "bigint" ? `${v}n` : v);
    return json ?? "{}";
  } catch {
    return "{…}"; // refers to itself, or a getter throws: its class name must do
  }
}

function className(value: object): string {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return "object";
  return prototype.constructor?.name || "object";
}

function clip(text: string): string {
  return visible(
    text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text,
  );
}

/** Whether `value` is an object as written in braces: of `Object.prototype` or none. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Sets an own property, also when it is named `__proto__`. */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else {
    (target as Record<string, unknown>)[key] = value;
  }
}

/** Reads a property that the object's data gave it, never one of `Object.prototype`. */
export function getOwn(target: object, key: string): unknown {
  if (key in Object.prototype && !Object.hasOwn(target, key)) return undefined;
  return (target as Record<string, unknown>)[key];
}
