import { listNames, plainName, showName } from "./shown_names.ts";
import { type Buffers, ColumnBuilder } from "./column_builder.ts";
import { BoolBuilder, DecimalBuilder, Int64Builder, NumberBuilder } from "./fixed_builders.ts";
import { getOwn, isPlainObject, Misfit } from "./misfit.ts";
import { checkType, typeName } from "./schema_check.ts";
import type { DataType, Field } from "./schema.ts";
import {
  BytesBuilder,
  DictBuilder,
  type DictOptions,
  MixedBuilder,
  Utf8Builder,
} from "./variable_builders.ts";

const FIRST_CAPACITY = 64;

/** Options of builders. */
export interface BuilderOptions extends DictOptions {
  /** What a key means that the schema has not: an error (default), or nothing. */
  extraKeys?: "error" | "ignore";
}

/** Adds a step to the path of a misfit on its way out. */
function within(error: unknown, step: string): unknown {
  if (error instanceof Misfit) error.path = step + error.path;
  return error;
}

/** Where each row's items end. */
class Offsets {
  #ends: Int32Array = new Int32Array(FIRST_CAPACITY);

  set(row: number, end: number): void {
    if (row + 1 >= this.#ends.length) {
      const grown = new Int32Array(this.#ends.length * 2);
      grown.set(this.#ends);
      this.#ends = grown;
    }
    this.#ends[row + 1] = end;
  }

  end(rows: number): number {
    return this.#ends[rows];
  }

  take(length: number): Int32Array {
    return this.#ends.slice(0, length + 1);
  }
}

/** Builds list columns from arrays; items may be null. */
export class ListBuilder extends ColumnBuilder {
  readonly #items: ColumnBuilder;
  readonly #offsets = new Offsets();

  /** A builder of lists of `type.item`. */
  constructor(type: DataType & { readonly kind: "list" }, options: BuilderOptions) {
    super(type);
    this.#items = builderOf(type.item, options);
  }

  protected override push(value: unknown, at: number): void {
    if (!Array.isArray(value)) throw new Misfit("list (an array)", value);
    const start = this.#items.length;
    let i = 0;
    try {
      for (; i < value.length; i++) this.#items.append(value[i]);
    } catch (error) {
      this.#items.truncate(start);
      throw within(error, `[${i}]`);
    }
    this.#offsets.set(at, this.#items.length);
  }

  protected override pushNull(at: number): void {
    this.#offsets.set(at, this.#items.length);
  }

  protected override cut(length: number): void {
    this.#items.truncate(this.#offsets.end(length));
  }

  protected override take(length: number): Buffers {
    return { offsets: this.#offsets.take(length), children: [this.#items.finish()] };
  }
}

/** Builds the columns of named fields side by side, from objects. */
export class FieldsBuilder {
  readonly #fields: readonly Field[];
  readonly #names: ReadonlySet<string>;
  readonly #checksKeys: boolean;
  /** Whether `Object.prototype` has a property of a field's name, which is no data. */
  readonly #inherited: readonly boolean[];
  /** One builder a field. */
  readonly builders: readonly ColumnBuilder[];

  /** Builders of all `fields`. */
  constructor(fields: readonly Field[], options: BuilderOptions) {
    this.#fields = fields;
    this.#checksKeys = options.extraKeys !== "ignore";
    this.#inherited = fields.map(({ name }) => name in Object.prototype);
    this.#names = new Set(fields.map((field) => field.name));
    this.builders = fields.map((field) => builderOf(field.type, options));
  }

  /**
   * Appends one value a field; a missing one is null. On a misfit nothing is appended.
   *
   * @throws {Misfit} also for a key that is no field, and a null where the field holds none.
   */
  append(object: object, rows: number): void {
    if (this.#checksKeys) this.checkKeys(object);
    let at = 0;
    try {
      for (; at < this.#fields.length; at++) {
        const { name } = this.#fields[at];
        const value = this.#inherited[at]
          ? getOwn(object, name)
          : (object as Record<string, unknown>)[name];
        if (value === null || value === undefined) checkNull(this.#fields[at], value);
        this.builders[at].append(value);
      }
    } catch (error) {
      this.truncate(rows);
      throw within(error, `.${this.#fields[at].name}`);
    }
  }

  /** Appends a null to every field, for a struct that is null itself. */
  appendNull(): void {
    for (const builder of this.builders) builder.appendNull();
  }

  /** Forgets the rows from `length` on. */
  truncate(length: number): void {
    for (const builder of this.builders) builder.truncate(length);
  }

  /** Throws a misfit for a key that no field has; fields in order cost one comparison each. */
  checkKeys(object: object): void {
    const fields = this.#fields;
    let at = 0;
    for (const key in object) {
      if (at < fields.length && fields[at].name === key) at++;
      else if (!this.#names.has(key) && Object.hasOwn(object, key)) {
        throw extraKey(object, key, fields);
      }
    }
  }
}

function extraKey(object: object, key: string, fields: readonly Field[]): Misfit {
  const names = listNames(fields.map(({ name }) => name), plainName) || "none";
  const misfit = new Misfit(
    `only fields of the schema (${names}), not ${showName(key)}`,
    (object as Record<string, unknown>)[key],
  );
  misfit.fix = 'add it to `schema`, or pass `extraKeys: "ignore"`';
  return misfit;
}

/** Throws a misfit when a field that holds no nulls gets one. */
export function checkNull(field: Field, value: unknown, position = 0): void {
  if (field.nullable === false && (value === null || value === undefined)) {
    const misfit = new Misfit(`${typeName(field.type)} and never null`, value);
    misfit.position = position;
    throw misfit;
  }
}

/** Builds struct columns from objects; a missing property is null. */
export class StructBuilder extends ColumnBuilder {
  readonly #fields: FieldsBuilder;

  /** A builder of structs. */
  constructor(type: DataType & { readonly kind: "struct" }, options: BuilderOptions) {
    super(type);
    this.#fields = new FieldsBuilder(type.fields, options);
  }

  protected override push(value: unknown, at: number): void {
    if (typeof value !== "object" || Array.isArray(value)) {
      throw new Misfit("struct (an object)", value);
    }
    this.#fields.append(value as object, at);
  }

  protected override pushNull(): void {
    this.#fields.appendNull();
  }

  protected override cut(length: number): void {
    this.#fields.truncate(length);
  }

  protected override take(): Buffers {
    return { children: this.#fields.builders.map((builder) => builder.finish()) };
  }
}

/** The type of a map's entries: one struct of key and value. */
export function entryType(value: DataType): DataType & { readonly kind: "struct" } {
  const key: Field = { name: "key", type: { kind: "utf8" }, nullable: false };
  return { kind: "struct", fields: [key, { name: "value", type: value }] };
}

/** Builds map columns from plain objects (own enumerable keys) and `Map`s with string keys. */
export class MapBuilder extends ColumnBuilder {
  readonly #keys: ColumnBuilder = new Utf8Builder({ kind: "utf8" });
  readonly #values: ColumnBuilder;
  readonly #entryType: DataType;
  readonly #offsets = new Offsets();

  /** A builder of maps. */
  constructor(type: DataType & { readonly kind: "map" }, options: BuilderOptions) {
    super(type);
    this.#entryType = entryType(type.value);
    this.#values = builderOf(type.value, options);
  }

  protected override push(value: unknown, at: number): void {
    if (!isPlainObject(value) && !(value instanceof Map)) {
      throw new Misfit("map (a plain object)", value);
    }
    const start = this.#keys.length;
    let key: unknown;
    try {
      for (const entry of value instanceof Map ? value : Object.entries(value)) {
        key = entry[0];
        this.#appendEntry(key, entry[1]);
      }
    } catch (error) {
      this.#keys.truncate(start);
      this.#values.truncate(start);
      throw within(error, `[${JSON.stringify(key)}]`);
    }
    this.#offsets.set(at, this.#keys.length);
  }

  protected override pushNull(at: number): void {
    this.#offsets.set(at, this.#keys.length);
  }

  protected override cut(length: number): void {
    this.#keys.truncate(this.#offsets.end(length));
    this.#values.truncate(this.#offsets.end(length));
  }

  protected override take(length: number): Buffers {
    const children = [this.#keys.finish(), this.#values.finish()];
    const entries = children[0].length;
    const entry = { type: this.#entryType, length: entries, nullCount: 0, children };
    return { offsets: this.#offsets.take(length), children: [entry] };
  }

  #appendEntry(key: unknown, value: unknown): void {
    if (key === null || key === undefined) throw new Misfit("a string as the key", key);
    this.#keys.append(key);
    this.#values.append(value);
  }
}

function builderOf(type: DataType, options: BuilderOptions): ColumnBuilder {
  switch (type.kind) {
    case "bool":
      return new BoolBuilder(type);
    case "i64":
    case "timestamp":
      return new Int64Builder(type);
    case "decimal":
      return new DecimalBuilder(type);
    case "utf8":
      return new Utf8Builder(type);
    case "dict":
      return new DictBuilder(type, options);
    case "bytes":
      return new BytesBuilder(type);
    case "mixed":
      return new MixedBuilder(type);
    case "list":
      return new ListBuilder(type, options);
    case "struct":
      return new StructBuilder(type, options);
    case "map":
      return new MapBuilder(type, options);
    default:
      return new NumberBuilder(type);
  }
}

/**
 * The builder of a type's columns.
 *
 * @throws {TypeError} when the type is malformed or nested too deep.
 */
export function columnBuilder(type: DataType, options: BuilderOptions = {}): ColumnBuilder {
  checkType(type);
  return builderOf(type, options);
}
