import { jsonOf } from "./avro_json.ts";
import { type AvroPath, schemaFault } from "./avro_fault.ts";

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_NAME_CHARACTERS = 1_024;

/** The names that no type of a schema may take. */
export const PRIMITIVES: ReadonlySet<string> = new Set([
  ...["null", "boolean", "int", "long", "float", "double", "bytes", "string"],
]);

/** Checks a name without dots. */
export function checkName(name: unknown, what: string, path: AvroPath): string {
  if (typeof name === "string" && name.length <= MAX_NAME_CHARACTERS && NAME.test(name)) {
    return name;
  }
  throw schemaFault(
    path,
    `the ${what} must be a letter or _ and then letters, digits and _, at most ` +
      `${MAX_NAME_CHARACTERS}, received ${jsonOf(name).slice(0, 60)}`,
    "rename it",
  );
}

function checkFullName(name: string, what: string, path: AvroPath): string {
  for (const part of name.slice(0, MAX_NAME_CHARACTERS + 1).split(".")) {
    if (name.length > MAX_NAME_CHARACTERS || !NAME.test(part)) checkName(name, what, path);
  }
  return name;
}

/** What comes before the last dot of a full name; empty where there is none. */
export function namespaceOf(fullName: string): string {
  return fullName.slice(0, Math.max(0, fullName.lastIndexOf(".")));
}

/** A name in full: one with dots as it is, others in `namespace`. */
export function fullNameOf(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

function definedNamespace(namespace: unknown, path: AvroPath): string {
  if (typeof namespace === "string") {
    return namespace === "" ? "" : checkFullName(namespace, "namespace", path);
  }
  throw schemaFault(path, "the namespace must be a text", "give one, or leave it out");
}

/** The full name that a definition gives to its type. */
export function definedName(
  { name, namespace }: { readonly name?: unknown; readonly namespace?: unknown },
  enclosing: string,
  path: AvroPath,
): string {
  if (typeof name !== "string" || name === "") {
    throw schemaFault(path, "a record, an enum and a fixed need a name", 'add "name"');
  }
  const within = namespace === undefined || namespace === null
    ? enclosing
    : definedNamespace(namespace, path);
  const full = checkFullName(fullNameOf(name, within), "name", path);
  if (PRIMITIVES.has(full)) {
    throw schemaFault(path, `"${full}" is a type of Avro's own`, "give the type another name");
  }
  return full;
}

/** The aliases of a type in full, or those of a field. */
export function aliasesOf(
  given: unknown,
  namespace: string | undefined,
  path: AvroPath,
): readonly string[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given) || given.some((alias) => typeof alias !== "string")) {
    throw schemaFault(path, "aliases must be an array of texts", "give names, or leave it out");
  }
  return given.map((alias: string) =>
    namespace === undefined
      ? checkName(alias, "alias", path)
      : checkFullName(fullNameOf(alias, namespace), "alias", path)
  );
}
