import { brandOf, unboxed, viewName } from "./brands.ts";
import { ByteSink } from "./bytes.ts";
import * as layout from "./layout.ts";
import type { RecordLimits } from "./limits.ts";
import {
  depthProblem,
  DETACHED_PROBLEM,
  foreignProblem,
  FUNCTION_PROBLEM,
  sizeProblem,
  stringProblem,
  SYMBOL_PROBLEM,
  Uncrossable,
} from "./uncrossable.ts";

/** Writes the values that fit no column: a tag each, in order, with references kept. */
export class FreeWriter {
  readonly #sink = new ByteSink();
  readonly #limits: Required<RecordLimits>;
  readonly #seen = new Map<object, number>();
  #text = "";
  /** Where the value being written began. */
  #start = 0;
  #textStart = 0;

  constructor(limits: Required<RecordLimits>) {
    this.#limits = limits;
  }

  /** Bytes written, strings apart. */
  get length(): number {
    return this.#sink.length;
  }

  get content(): Uint8Array<ArrayBuffer> {
    return this.#sink.content;
  }

  /** The strings of all values, one after the other. */
  get text(): string {
    return this.#text;
  }

  truncate(bytes: number, textUnits: number): void {
    if (bytes === this.#sink.length) return;
    this.#sink.truncate(bytes);
    if (textUnits < this.#text.length) this.#text = this.#text.slice(0, textUnits);
    this.#seen.clear();
  }

  /**
   * Writes one value.
   *
   * @param depth how deep the value lies in its record.
   * @returns where it starts.
   * @throws {Uncrossable} when something in it cannot cross; the caller truncates.
   */
  write(value: unknown, depth: number): number {
    const start = this.#begin();
    this.#value(value, depth);
    this.#seen.clear();
    return start;
  }

  /**
   * Writes an object whose fields were read before: for each of `keys` one of `fields` from `base`.
   *
   * @throws {Uncrossable} as {@linkcode write}.
   */
  writeFields(
    value: object,
    fields: { keys: readonly string[]; values: readonly unknown[]; base: number; depth: number },
  ): number {
    const { keys, values, base, depth } = fields;
    const start = this.#begin();
    this.#seen.set(value, 0);
    this.#sink.byte(layout.FREE_OBJECT);
    this.#sink.word(keys.length);
    for (let i = 0; i < keys.length; i++) {
      this.#string(keys[i]);
      this.#value(values[base + i], depth + 1);
    }
    this.#seen.clear();
    return start;
  }

  #begin(): number {
    this.#start = this.#sink.length;
    this.#textStart = this.#text.length;
    this.#sink.word(this.#textStart);
    return this.#start;
  }

  #value(value: unknown, depth: number): void {
    const sink = this.#sink;
    switch (typeof value) {
      case "number":
        sink.byte(layout.TAG_NUMBER);
        return sink.float(value);
      case "string":
        sink.byte(layout.TAG_TEXT);
        return this.#string(value);
      case "boolean":
        return sink.byte(value ? layout.TAG_TRUE : layout.TAG_FALSE);
      case "undefined":
        return sink.byte(layout.TAG_UNDEFINED);
      case "bigint":
        return this.#bigint(value);
      case "object":
        return value === null ? sink.byte(layout.TAG_NULL) : this.#reference(value, depth);
      case "function":
        throw new Uncrossable(FUNCTION_PROBLEM, false);
      case "symbol":
        throw new Uncrossable(SYMBOL_PROBLEM, false);
    }
  }

  #string(text: string): void {
    if (text.length > this.#limits.maxStringLength) {
      throw new Uncrossable(stringProblem(text.length, this.#limits.maxStringLength), true);
    }
    this.#sink.word(text.length);
    this.#checkBytes(text.length);
    this.#text += text;
  }

  /**
   * Stops a value that is too large before it is copied.
   *
   * @throws {Uncrossable} when the value takes more than `maxBytes`.
   */
  #checkBytes(more: number): void {
    const bytes = this.#sink.length - this.#start + this.#text.length - this.#textStart + more;
    if (bytes > this.#limits.maxBytes) {
      throw new Uncrossable(sizeProblem(this.#limits.maxBytes), true);
    }
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.#sink.byte(layout.TAG_BIGINT);
      return this.#sink.bigint(value);
    }
    this.#sink.byte(layout.FREE_LONG_BIGINT);
    this.#sink.byte(value < 0n ? 1 : 0);
    this.#string((value < 0n ? -value : value).toString(16));
  }

  #reference(value: object, depth: number): void {
    const known = this.#seen.get(value);
    if (known !== undefined) {
      this.#sink.byte(layout.FREE_BACK);
      return this.#sink.word(known);
    }
    if (depth >= this.#limits.maxDepth) {
      throw new Uncrossable(depthProblem(this.#limits.maxDepth), true);
    }
    this.#seen.set(value, this.#seen.size);
    this.#object(value, depth + 1);
  }

  #object(value: object, depth: number): void {
    switch (brandOf(value)) {
      case "plain":
        this.#sink.byte(layout.FREE_OBJECT);
        return this.#properties(value, Object.keys(value), depth);
      case "Array":
        return this.#array(value as unknown[], depth);
      case "Date":
        this.#sink.byte(layout.TAG_DATE);
        return this.#sink.float(Date.prototype.getTime.call(value));
      case "RegExp":
        return this.#regExp(value as RegExp);
      case "Map":
        return this.#map(value as Map<unknown, unknown>, depth);
      case "Set":
        return this.#set(value as Set<unknown>, depth);
      case "Error":
        return this.#error(value as Error, depth);
      case "View":
        return this.#view(value as ArrayBufferView);
      case "ArrayBuffer":
        return this.#buffer(value as ArrayBuffer);
      case "Boxed":
        this.#sink.byte(layout.FREE_BOXED);
        return this.#value(unboxed(value), depth);
      case "foreign":
        throw new Uncrossable(foreignProblem(value), false);
    }
  }

  #properties(value: object, keys: readonly string[], depth: number): void {
    this.#sink.word(keys.length);
    for (const key of keys) {
      this.#string(key);
      this.#value((value as Record<string, unknown>)[key], depth);
    }
  }

  #array(value: unknown[], depth: number): void {
    const keys = Object.keys(value);
    if (keys.length !== value.length || (keys.length > 0 && keys.at(-1) !== `${keys.length - 1}`)) {
      this.#sink.byte(layout.FREE_SPARSE);
      this.#sink.word(value.length);
      return this.#properties(value, keys, depth);
    }
    this.#sink.byte(layout.FREE_ARRAY);
    this.#sink.word(keys.length);
    this.#checkBytes(keys.length);
    for (let i = 0; i < keys.length; i++) this.#value(value[i], depth);
  }

  #map(value: Map<unknown, unknown>, depth: number): void {
    const entries = [...Map.prototype.entries.call(value)];
    this.#sink.byte(layout.FREE_MAP);
    this.#sink.word(entries.length);
    for (const [key, item] of entries) {
      this.#value(key, depth);
      this.#value(item, depth);
    }
  }

  #set(value: Set<unknown>, depth: number): void {
    const items = [...Set.prototype.values.call(value)];
    this.#sink.byte(layout.FREE_SET);
    this.#sink.word(items.length);
    for (const item of items) this.#value(item, depth);
  }

  #regExp(value: RegExp): void {
    this.#sink.byte(layout.FREE_REGEXP);
    this.#string(value.source);
    this.#string(value.flags);
  }

  #error(value: Error, depth: number): void {
    const isList = value instanceof AggregateError;
    const name = value instanceof DOMException ? "DOMException" : String(value.name);
    const known = layout.ERROR_NAMES.indexOf(isList ? "AggregateError" : name);
    this.#sink.byte(layout.FREE_ERROR);
    this.#sink.byte(Math.max(known, 0));
    this.#value(value instanceof DOMException ? value.name : undefined, depth);
    const hasMessage = Object.hasOwn(value, "message") || value instanceof DOMException;
    this.#value(hasMessage ? String(value.message) : undefined, depth);
    this.#value(typeof value.stack === "string" ? value.stack : undefined, depth);
    const hasCause = Object.hasOwn(value, "cause");
    this.#sink.byte(hasCause ? 1 : 0);
    if (hasCause) this.#value(value.cause, depth);
    if (isList) this.#value([...value.errors], depth);
  }

  #view(value: ArrayBufferView): void {
    if ((value.buffer as ArrayBuffer).detached === true) {
      throw new Uncrossable(DETACHED_PROBLEM, false);
    }
    this.#sink.byte(layout.FREE_VIEW);
    this.#sink.byte(layout.VIEW_NAMES.indexOf(viewName(value)));
    this.#sink.word(value.byteLength);
    this.#checkBytes(value.byteLength);
    this.#sink.append(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }

  #buffer(value: ArrayBuffer): void {
    if (value.detached) throw new Uncrossable(DETACHED_PROBLEM, false);
    this.#sink.byte(value.resizable ? layout.FREE_RESIZABLE : layout.FREE_BUFFER);
    this.#sink.word(value.byteLength);
    this.#checkBytes(value.byteLength);
    if (value.resizable) this.#sink.word(value.maxByteLength);
    this.#sink.append(new Uint8Array(value));
  }
}
