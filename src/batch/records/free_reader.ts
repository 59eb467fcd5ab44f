import { ByteSource } from "./bytes.ts";
import * as layout from "./layout.ts";
import { HIGHEST_RECORD_DEPTH } from "./limits.ts";
import { damaged } from "./damaged.ts";

const MAX_RESIZABLE_BYTES = 2 ** 31 - 1;

type ViewType = new (buffer: ArrayBuffer) => ArrayBufferView;

const VIEW_TYPES: readonly ViewType[] = [
  DataView,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float16Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

const ERROR_TYPES: readonly (new (message?: string) => Error)[] = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
];

/** Sets a property as data, whatever its name: `__proto__` never becomes a prototype. */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else (target as Record<string, unknown>)[key] = value;
}

function hide(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    writable: true,
    enumerable: false,
    configurable: true,
  });
}

/** Reads what a FreeWriter wrote. */
export class FreeReader {
  readonly #source: ByteSource;
  readonly #text: string;
  readonly #textStart: number;
  #textAt = 0;
  #seen: object[] = [];

  constructor(bytes: Uint8Array<ArrayBuffer>, text: string, textStart: number) {
    this.#source = new ByteSource(bytes);
    this.#text = text;
    this.#textStart = textStart;
  }

  /** The value that starts at `offset`. */
  read(offset: number): unknown {
    this.#source.seek(offset);
    this.#textAt = this.#textStart + this.#source.word();
    this.#seen = [];
    return this.#value(0);
  }

  #value(depth: number): unknown {
    const source = this.#source;
    const tag = source.byte();
    switch (tag) {
      case layout.TAG_NULL:
        return null;
      case layout.TAG_UNDEFINED:
        return undefined;
      case layout.TAG_FALSE:
        return false;
      case layout.TAG_TRUE:
        return true;
      case layout.TAG_NUMBER:
        return source.float();
      case layout.TAG_BIGINT:
        return source.bigint();
      case layout.TAG_TEXT:
        return this.#string();
      case layout.FREE_LONG_BIGINT:
        return this.#longBigint();
      case layout.FREE_BACK:
        return this.#back();
    }
    if (depth >= HIGHEST_RECORD_DEPTH) throw damaged("a value nests too deep");
    return this.#object(tag, depth + 1);
  }

  #object(tag: number, depth: number): unknown {
    switch (tag) {
      case layout.FREE_OBJECT:
        return this.#properties(this.#keep({}), depth);
      case layout.FREE_ARRAY:
        return this.#array(depth);
      case layout.FREE_SPARSE:
        return this.#sparse(depth);
      case layout.TAG_DATE:
        return this.#keep(new Date(this.#source.float()));
      case layout.FREE_REGEXP:
        return this.#regExp();
      case layout.FREE_MAP:
        return this.#map(depth);
      case layout.FREE_SET:
        return this.#set(depth);
      case layout.FREE_ERROR:
        return this.#error(depth);
      case layout.FREE_VIEW:
        return this.#view();
      case layout.FREE_BUFFER:
        return this.#keep(this.#source.copy(this.#source.word()).buffer);
      case layout.FREE_RESIZABLE:
        return this.#resizable();
      case layout.FREE_BOXED:
        return this.#boxed(depth);
    }
    throw damaged(`a value has the unknown tag ${tag}`);
  }

  #keep<T extends object>(value: T): T {
    this.#seen.push(value);
    return value;
  }

  #back(): object {
    const value = this.#seen[this.#source.word()];
    if (value === undefined) throw damaged("a value refers to one that is not there");
    return value;
  }

  #string(): string {
    const start = this.#textAt;
    this.#textAt += this.#source.word();
    if (this.#textAt > this.#text.length) throw damaged("a string lies beyond the text");
    return this.#text.substring(start, this.#textAt);
  }

  /** A count of values to come, each of which takes a byte at least. */
  #count(): number {
    const count = this.#source.word();
    if (count > this.#source.left) throw damaged(`${count} values are announced, fewer follow`);
    return count;
  }

  #longBigint(): bigint {
    const negative = this.#source.byte() === 1;
    const digits = this.#string();
    if (!/^[0-9a-f]+$/.test(digits)) throw damaged("a bigint has other than hexadecimal digits");
    const magnitude = BigInt(`0x${digits}`);
    return negative ? -magnitude : magnitude;
  }

  #properties<T extends object>(target: T, depth: number): T {
    const count = this.#count();
    for (let i = 0; i < count; i++) {
      const key = this.#string();
      setOwn(target, key, this.#value(depth));
    }
    return target;
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = this.#keep([]);
    const count = this.#count();
    for (let i = 0; i < count; i++) items.push(this.#value(depth));
    return items;
  }

  #sparse(depth: number): unknown[] {
    const items: unknown[] = this.#keep([]);
    const length = this.#source.word();
    this.#properties(items, depth);
    if (items.length > length) throw damaged("an array has an item beyond its length");
    items.length = length;
    return items;
  }

  #regExp(): RegExp {
    const source = this.#string();
    const flags = this.#string();
    try {
      return this.#keep(new RegExp(source, flags));
    } catch (cause) {
      throw damaged("a regular expression does not parse", cause);
    }
  }

  #map(depth: number): Map<unknown, unknown> {
    const map = this.#keep(new Map<unknown, unknown>());
    const count = this.#count();
    for (let i = 0; i < count; i++) {
      const key = this.#value(depth);
      map.set(key, this.#value(depth));
    }
    return map;
  }

  #set(depth: number): Set<unknown> {
    const set = this.#keep(new Set<unknown>());
    const count = this.#count();
    for (let i = 0; i < count; i++) set.add(this.#value(depth));
    return set;
  }

  #optionalString(depth: number): string | undefined {
    const text = this.#value(depth);
    if (text !== undefined && typeof text !== "string") throw damaged("an error has no text");
    return text;
  }

  #error(depth: number): Error {
    const kind = layout.ERROR_NAMES[this.#source.byte()];
    const name = this.#optionalString(depth);
    const message = this.#optionalString(depth);
    const stack = this.#optionalString(depth);
    const error = this.#keep(makeError(kind, name, message));
    if (stack !== undefined) hide(error, "stack", stack);
    if (this.#source.byte() === 1) hide(error, "cause", this.#value(depth));
    if (kind === "AggregateError") hide(error, "errors", this.#value(depth));
    return error;
  }

  #view(): ArrayBufferView {
    const kind = this.#source.byte();
    const bytes = this.#source.copy(this.#source.word());
    const type = VIEW_TYPES[kind];
    if (type === undefined) throw damaged(`a typed array has the unknown kind ${kind}`);
    try {
      return this.#keep(new type(bytes.buffer));
    } catch (cause) {
      throw damaged("a typed array has a part of an item", cause);
    }
  }

  #resizable(): ArrayBuffer {
    const length = this.#source.word();
    const maxByteLength = this.#source.word();
    const bytes = this.#source.copy(length);
    if (maxByteLength < length || maxByteLength > MAX_RESIZABLE_BYTES) {
      throw damaged("a resizable buffer has a wrong highest length");
    }
    const buffer = new ArrayBuffer(length, { maxByteLength });
    new Uint8Array(buffer).set(bytes);
    return this.#keep(buffer);
  }

  #boxed(depth: number): object {
    const slot = this.#seen.push(this) - 1;
    const boxed: object = Object(this.#value(depth));
    this.#seen[slot] = boxed;
    return boxed;
  }
}

function makeError(kind: string | undefined, name?: string, message?: string): Error {
  if (kind === "DOMException") return new DOMException(message, name);
  if (kind === "AggregateError") return new AggregateError([], message);
  const type = ERROR_TYPES[layout.ERROR_NAMES.indexOf(kind ?? "")];
  if (type === undefined) throw damaged("an error has an unknown class");
  return new type(message);
}
