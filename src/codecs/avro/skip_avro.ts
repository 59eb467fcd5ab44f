import { MAX_DEPTH } from "../../batch/limits.ts";
import { AvroCursor } from "./avro_cursor.ts";
import { type AvroType, avroTypeName } from "./avro_type.ts";

/** Values that take no bytes, in one record. */
const MAX_EMPTY_VALUES = 65_536;
const MIN_INT = -(2 ** 31);
const MAX_INT = 2 ** 31 - 1;

const PROTO = new TextEncoder().encode("__proto__");
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What is wrong with a record. */
export class AvroRecordFault extends Error {
  override readonly name = "AvroRecordFault";
  /** The field's path. */
  readonly path: string;
  /** At which byte. */
  readonly at: number;

  /** A fault of a field. */
  constructor(reason: string, { path, at }: { path: string; at: number }) {
    super(reason);
    this.path = path;
    this.at = at;
  }
}

/**
 * Passes over values before anything is made of them: afterwards every length is known to be true,
 * every branch to exist, and every text to be UTF-8.
 */
class Skipper {
  readonly cursor: AvroCursor;
  readonly #bytes: Uint8Array;
  readonly #checksValues: boolean;
  #emptyValues = 0;

  constructor(bytes: Uint8Array, at: number, checksValues: boolean) {
    this.#bytes = bytes;
    this.#checksValues = checksValues;
    this.cursor = new AvroCursor(bytes, at);
  }

  #fault(reason: string, path: string, at = this.cursor.at): AvroRecordFault {
    return new AvroRecordFault(reason, { path, at });
  }

  // as deep as the data, of which the depth is limited
  skip(type: AvroType, path: string, depth: number): void {
    if (depth > MAX_DEPTH) throw this.#fault(`it is nested deeper than ${MAX_DEPTH} levels`, path);
    switch (type.type) {
      case "null":
        return this.#empty(path);
      case "boolean":
        return this.#index(2, type, path);
      case "int":
        if (!(this.#long(path) >= MIN_INT && this.#last <= MAX_INT) && this.#checksValues) {
          throw this.#fault("a number is beyond 32 bits", path);
        }
        return;
      case "long":
        this.#long(path);
        return;
      case "float":
      case "double":
        return this.#take(type.type === "float" ? 4 : 8, path);
      case "fixed":
        return type.size === 0 ? this.#empty(path) : this.#take(type.size, path);
      case "bytes":
      case "string":
        return this.#text(type.type === "string", path);
      case "enum":
        return this.#index(type.symbols.length, type, path);
      case "union": {
        const branch = this.#choice(type.branches.length, type, path);
        // null in a union has taken the byte of its branch
        if (type.branches[branch].type === "null") return;
        return this.skip(type.branches[branch], path, depth + 1);
      }
      case "record":
        if (type.fields.length === 0) this.#empty(path);
        for (const field of type.fields) {
          this.skip(field.type, path === "" ? field.name : `${path}.${field.name}`, depth + 1);
        }
        return;
      default:
        return this.#items(type, path, depth);
    }
  }

  #empty(path: string): void {
    if (++this.#emptyValues <= MAX_EMPTY_VALUES) return;
    throw this.#fault(`more than ${MAX_EMPTY_VALUES} values take no bytes`, path);
  }

  #last = 0;

  #long(path: string): number {
    const { at } = this.cursor;
    this.#last = this.cursor.long();
    if (this.cursor.isShort) throw this.#fault("the bytes end within it", path, at);
    if (this.cursor.isOverlong) throw this.#fault("a number has more than ten bytes", path, at);
    return this.#last;
  }

  #choice(count: number, type: AvroType, path: string): number {
    const { at } = this.cursor;
    const index = this.#long(path);
    if (index >= 0 && index < count) return index;
    const reason = `${avroTypeName(type).slice(0, 100)} has no ${index}, only 0 to ${count - 1}`;
    throw this.#fault(reason, path, at);
  }

  /** A boolean's byte is 0 or 1; an enum's number is that of a symbol. */
  #index(count: number, type: AvroType, path: string): void {
    if (type.type === "enum") {
      if (this.#checksValues) this.#choice(count, type, path);
      else this.#long(path);
      return;
    }
    const { at } = this.cursor;
    this.#take(1, path);
    if (this.#bytes[at] >= count && this.#checksValues) {
      throw this.#fault("a boolean is neither 0 nor 1", path, at);
    }
  }

  #take(count: number, path: string): void {
    const { at } = this.cursor;
    if (count < 0) throw this.#fault(`a length is ${count}`, path, at);
    this.cursor.bytes(count);
    if (this.cursor.isShort) throw this.#fault("the bytes end within it", path, at);
  }

  #text(isText: boolean, path: string): void {
    const length = this.#long(path);
    const { at } = this.cursor;
    this.#take(length, path);
    const bytes = this.#bytes.subarray(at, at + length);
    if (!isText || !this.#checksValues || !bytes.some((byte) => byte >= 0x80)) return;
    try {
      strict.decode(bytes);
    } catch {
      throw this.#fault("a text is not valid UTF-8", path, at);
    }
  }

  #key(path: string): void {
    const { at } = this.cursor;
    this.#text(true, path);
    if (!this.#checksValues) return;
    const key = this.#bytes.subarray(this.cursor.at - PROTO.length, this.cursor.at);
    if (this.cursor.at - at !== PROTO.length + 1 || !PROTO.every((b, i) => b === key[i])) return;
    throw this.#fault("a key is __proto__, which npm:avsc does not keep", path, at);
  }

  #items(type: AvroType & { type: "array" | "map" }, path: string, depth: number): void {
    const isMap = type.type === "map";
    const inner = isMap ? `${path}{}` : `${path}[]`;
    while (true) {
      const count = this.#long(path);
      if (count < 0) this.#long(path);
      if (count === 0) return;
      for (let left = Math.abs(count); left > 0; left--) {
        if (isMap) this.#key(inner);
        this.skip(isMap ? type.values : type.items, inner, depth + 1);
      }
    }
  }
}

/**
 * Where the record that begins at a position ends.
 *
 * @throws {AvroRecordFault} when it is none, or the bytes end within it. Without `checksValues` (by
 *   default it does) values are only passed, whatever they are.
 */
export function skipAvro(
  type: AvroType,
  bytes: Uint8Array,
  at: number,
  { checksValues = true }: { readonly checksValues?: boolean } = {},
): number {
  const skipper = new Skipper(bytes, at, checksValues);
  skipper.skip(type, "", 1);
  return skipper.cursor.at;
}
