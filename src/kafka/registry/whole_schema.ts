import { parseSchemaText, schemaText } from "../../codecs/avro/avro_json.ts";
import { fullNameOf, namespaceOf, PRIMITIVES } from "../../codecs/avro/avro_names.ts";

/** A definition in JSON. */
type Definition = Readonly<Record<string, unknown>>;

const NAMED: ReadonlySet<unknown> = new Set(["record", "error", "enum", "fixed"]);

function isObject(value: unknown): value is Definition {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A definition from elsewhere: a name without a namespace has none where it is put, either. */
function apart(schema: unknown): unknown {
  if (!isObject(schema) || !NAMED.has(schema.type) || schema.namespace !== undefined) return schema;
  const isFull = typeof schema.name === "string" && schema.name.includes(".");
  return isFull ? schema : { ...schema, namespace: "" };
}

/** Puts definitions where their names are first, since a name means what was defined before it. */
class Joiner {
  readonly #definitions: ReadonlyMap<string, string>;
  /** Names that are defined. */
  readonly #known = new Set<string>(PRIMITIVES);

  constructor(definitions: ReadonlyMap<string, string>) {
    this.#definitions = definitions;
  }

  /** A type, within a namespace. */
  type(schema: unknown, namespace: string): unknown {
    if (typeof schema === "string") return this.#name(schema, namespace);
    if (Array.isArray(schema)) return schema.map((branch) => this.type(branch, namespace));
    if (!isObject(schema)) return schema;
    const { type } = schema;
    if (NAMED.has(type)) return this.#named(schema, namespace);
    if (type === "array") return { ...schema, items: this.type(schema.items, namespace) };
    if (type === "map") return { ...schema, values: this.type(schema.values, namespace) };
    return { ...schema, type: this.type(type, namespace) };
  }

  #name(name: string, namespace: string): unknown {
    const full = fullNameOf(name, namespace);
    const found = [full, name].find((each) => this.#known.has(each) || this.#definitions.has(each));
    if (found === undefined || this.#known.has(found)) return name;
    this.#known.add(found);
    return this.type(apart(parseSchemaText(this.#definitions.get(found)!)), "");
  }

  #named(schema: Definition, enclosing: string): unknown {
    const within = typeof schema.namespace === "string" ? schema.namespace : enclosing;
    const full = fullNameOf(String(schema.name), within);
    this.#known.add(full);
    const { fields } = schema;
    if (!Array.isArray(fields)) return schema;
    const namespace = namespaceOf(full);
    return {
      ...schema,
      fields: fields.map((field) =>
        isObject(field) ? { ...field, type: this.type(field.type, namespace) } : field
      ),
    };
  }
}

/**
 * A schema that has all of its types in it.
 *
 * @param schema JSON, in which types may stand by their names alone.
 * @param definitions These types by their full names, each JSON, which may refer to others.
 * @throws {TypeError} when one of them is no JSON.
 */
export function wholeSchema(schema: string, definitions: ReadonlyMap<string, string>): string {
  const whole = new Joiner(definitions).type(parseSchemaText(schema), "");
  return schemaText(whole as object);
}
