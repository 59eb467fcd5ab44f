import { checkDefault } from "./avro_defaults.ts";
import { type AvroPath, schemaFault } from "./avro_fault.ts";
import { jsonOf } from "./avro_json.ts";
import { MAX_AVRO_DEPTH, MAX_AVRO_FIXED_BYTES, MAX_AVRO_SYMBOLS } from "./avro_limits.ts";
import { logicalTypeOf, type Underlying } from "./avro_logical.ts";
import {
  aliasesOf,
  checkName,
  definedName,
  fullNameOf,
  namespaceOf,
  PRIMITIVES,
} from "./avro_names.ts";
import { checkEnds } from "./avro_recursion.ts";
import {
  type AvroEnum,
  type AvroField,
  type AvroFixed,
  type AvroLogicalType,
  type AvroNamedType,
  type AvroPrimitiveName,
  type AvroRecord,
  type AvroType,
  avroTypeName,
  type AvroUnion,
} from "./avro_type.ts";

/** Options of `parseAvroSchema`. */
export interface AvroSchemaOptions {
  /**
   * What becomes of a logical type that is not known, or does not go with its type: `"ignore"`
   * (default) takes the type without it, as the specification says; `"error"` refuses the schema.
   */
  unknownLogicalTypes?: "ignore" | "error";
  /** The most fields of all records together. Default 4,096. */
  maxFields?: number;
}

/** A definition in JSON. */
type Definition = Readonly<Record<string, unknown>>;

/** Where a part of a schema is. */
interface Place {
  readonly path: AvroPath;
  /** Of the definition around it. */
  readonly namespace: string;
  /** In how many types it is. */
  readonly depth: number;
}

const PRIMITIVE_TYPES: ReadonlyMap<unknown, AvroType> = new Map(
  [...PRIMITIVES].map((name) => [name, { type: name as AvroPrimitiveName }]),
);
const ORDERS: readonly unknown[] = [undefined, null, "ascending", "descending", "ignore"];

/** Reads one schema: its types with a name, and the defaults to check once all types are there. */
export class SchemaParser {
  /** Its types with a name, in the order of their definitions. */
  readonly named = new Map<string, AvroNamedType>();
  readonly #options: Required<AvroSchemaOptions>;
  readonly #defaults: { readonly field: AvroField; readonly path: AvroPath }[] = [];
  #fields = 0;

  /** A parser of one schema. */
  constructor(options: Required<AvroSchemaOptions>) {
    this.#options = options;
  }

  /** The type that a schema in JSON describes. */
  parse(json: unknown): AvroType {
    const type = this.#type(json, { path: [], namespace: "", depth: 0 });
    checkEnds(this.named.values());
    for (const { field, path } of this.#defaults) {
      checkDefault(field.type, field.default?.value, path);
    }
    return type;
  }

  #type(json: unknown, place: Place): AvroType {
    if (typeof json === "string") return this.#reference(json, place);
    if (typeof json !== "object" || json === null) {
      throw schemaFault(
        place.path,
        `a type is a name, an object or an array, received ${jsonOf(json).slice(0, 60)}`,
        'give one, such as "int" or {"type":"array","items":"int"}',
      );
    }
    if (place.depth >= MAX_AVRO_DEPTH) {
      throw schemaFault(
        place.path,
        `types are nested deeper than ${MAX_AVRO_DEPTH} levels`,
        "flatten it, or give inner types a name and refer to them",
      );
    }
    const within = { ...place, depth: place.depth + 1 };
    return Array.isArray(json) ? this.#union(json, within) : this.#defined({ ...json }, within);
  }

  #reference(name: string, { path, namespace }: Place): AvroType {
    const found = PRIMITIVE_TYPES.get(name) ?? this.named.get(fullNameOf(name, namespace)) ??
      this.named.get(name);
    if (found) return found;
    throw schemaFault(
      path,
      `there is no type ${JSON.stringify(name.slice(0, 60))} before it`,
      "define it where it is first used, with its namespace",
    );
  }

  #defined(json: Definition, place: Place): AvroType {
    switch (json.type) {
      case "record":
      case "error":
        return this.#record(json, place);
      case "enum":
        return this.#enum(json, place);
      case "fixed":
        return this.#fixed(json, place);
      case "array":
        return { type: "array", items: this.#part(json, "items", place, "[]") };
      case "map":
        return { type: "map", values: this.#part(json, "values", place, "{}") };
    }
    if (!PRIMITIVE_TYPES.has(json.type)) return this.#part(json, "type", place);
    const type = json.type as AvroPrimitiveName;
    const logical = this.#logical(json, { type }, place.path);
    return logical === undefined ? { type } : { type, logical };
  }

  /** The type under a key of a definition. */
  #part(json: Definition, key: string, place: Place, step?: string): AvroType {
    if (json[key] === undefined) {
      throw schemaFault(place.path, `it has no ${JSON.stringify(key)}`, "add it");
    }
    const path = step === undefined ? place.path : [...place.path, step];
    return this.#type(json[key], { ...place, path });
  }

  #logical(json: Definition, type: Underlying, path: AvroPath): AvroLogicalType | undefined {
    const found = logicalTypeOf(json, type);
    if (typeof found !== "string") return found;
    if (this.#options.unknownLogicalTypes === "ignore") return undefined;
    throw schemaFault(path, found, 'correct it, or pass unknownLogicalTypes: "ignore"');
  }

  #define<T extends AvroNamedType>(type: T, { path }: Place): T {
    if (this.named.has(type.name)) {
      throw schemaFault(
        path,
        `two types are named ${type.name}`,
        "rename one, or refer to the first by its name",
      );
    }
    this.named.set(type.name, type);
    return type;
  }

  #record(json: Definition, place: Place): AvroRecord {
    const name = definedName(json, place.namespace, place.path);
    const path = place.path.length === 0 ? [name] : place.path;
    const namespace = namespaceOf(name);
    const fields: AvroField[] = [];
    const aliases = aliasesOf(json.aliases, namespace, path);
    const type = this.#define({ type: "record" as const, name, aliases, fields }, place);
    if (!Array.isArray(json.fields)) {
      throw schemaFault(path, 'a record needs "fields", an array', "add it");
    }
    this.#fields += json.fields.length;
    if (this.#fields > this.#options.maxFields) {
      throw schemaFault(
        path,
        `its records have more than ${this.#options.maxFields} fields together`,
        "leave some out, or raise maxFields",
      );
    }
    const names = new Set<string>();
    for (const field of json.fields) {
      fields.push(this.#field(field, names, { ...place, path, namespace }));
    }
    return type;
  }

  #field(json: unknown, names: Set<string>, place: Place): AvroField {
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw schemaFault(place.path, "a field must be an object", 'give "name" and "type"');
    }
    const given: Definition = { ...json };
    const name = checkName(given.name, "name of a field", place.path);
    const path = [...place.path, name];
    if (names.has(name)) {
      throw schemaFault(path, "two fields of the record have this name", "rename one");
    }
    names.add(name);
    if (!ORDERS.includes(given.order)) {
      throw schemaFault(
        path,
        `the order ${jsonOf(given.order).slice(0, 60)} is none`,
        'give "ascending", "descending" or "ignore", or leave it out',
      );
    }
    const aliases = aliasesOf(given.aliases, undefined, path);
    const type = this.#part(given, "type", { ...place, path });
    if (!Object.hasOwn(given, "default") || given.default === undefined) {
      return { name, aliases, type };
    }
    const field = { name, aliases, type, default: { value: given.default } };
    this.#defaults.push({ field, path });
    return field;
  }

  #enum(json: Definition, place: Place): AvroEnum {
    const name = definedName(json, place.namespace, place.path);
    const path = place.path.length === 0 ? [name] : place.path;
    const { symbols } = json;
    if (!Array.isArray(symbols) || symbols.length === 0 || symbols.length > MAX_AVRO_SYMBOLS) {
      throw schemaFault(
        path,
        `an enum needs "symbols", 1 to ${MAX_AVRO_SYMBOLS} texts`,
        "give its symbols, or make it a string",
      );
    }
    for (const symbol of symbols) checkName(symbol, "symbol of an enum", path);
    if (new Set(symbols).size !== symbols.length) {
      throw schemaFault(path, "a symbol of the enum occurs twice", "leave it out");
    }
    const aliases = aliasesOf(json.aliases, namespaceOf(name), path);
    const type = { type: "enum" as const, name, aliases, symbols: [...symbols] };
    if (json.default === undefined) return this.#define(type, place);
    if (!symbols.includes(json.default)) {
      throw schemaFault(path, "the default of the enum is none of its symbols", "give one of them");
    }
    return this.#define({ ...type, default: json.default as string }, place);
  }

  #fixed(json: Definition, place: Place): AvroFixed {
    const name = definedName(json, place.namespace, place.path);
    const path = place.path.length === 0 ? [name] : place.path;
    const size = json.size as number;
    if (!Number.isInteger(size) || size < 0 || size > MAX_AVRO_FIXED_BYTES) {
      throw schemaFault(
        path,
        `the size of a fixed must be a whole number from 0 to ${MAX_AVRO_FIXED_BYTES}, received ` +
          jsonOf(size).slice(0, 60),
        "correct it, or use bytes",
      );
    }
    const aliases = aliasesOf(json.aliases, namespaceOf(name), path);
    const logical = this.#logical(json, { type: "fixed", size }, path);
    const type = { type: "fixed" as const, name, aliases, size };
    return this.#define(logical === undefined ? type : { ...type, logical }, place);
  }

  #union(json: readonly unknown[], place: Place): AvroUnion {
    const seen = new Set<string>();
    const branches = json.map((given, at) => {
      const path = [...place.path, `<${at}>`];
      const branch = this.#type(given, { ...place, path });
      const name = "name" in branch ? branch.name : branch.type;
      if (name === "union" || seen.has(name)) {
        throw schemaFault(
          path,
          name === "union" ? "a union is in a union" : `a union has ${avroTypeName(branch)} twice`,
          "write its types in one array, each once",
        );
      }
      seen.add(name);
      if (seen.size > this.#options.maxFields) {
        throw schemaFault(path, `a union has more than ${seen.size - 1} types`, "use fewer");
      }
      return branch;
    });
    if (branches.length > 0) return { type: "union", branches };
    throw schemaFault(place.path, "a union has no types", "give at least one");
  }
}
