import type { DataType, Schema } from "../../batch/schema.ts";
import { inKeyOrder } from "./json_plan.ts";

/** A key of the objects that rows become, and what is under it: a column, or more keys. */
export interface JsonNode {
  /** The key in quotes, escaped. */
  readonly key: string;
  /** What stands before its value, behind another: made once, so that it is found again soon. */
  readonly lead: string;
  readonly column?: { readonly at: number; readonly path: string };
  readonly within?: readonly JsonNode[];
}

interface Branch {
  readonly name: string;
  column?: { readonly at: number; readonly path: string };
  readonly within: Map<string, Branch>;
}

function branchOf(parent: Map<string, Branch>, name: string): Branch {
  let branch = parent.get(name);
  if (branch === undefined) parent.set(name, branch = { name, within: new Map() });
  return branch;
}

function refuse(path: string): never {
  throw new TypeError(
    `Cannot write JSON: by its path, column ${
      JSON.stringify(path)
    } is the same as an object that ` +
      "other columns make; rename one of them, or set nestPaths to false",
  );
}

function place(root: Map<string, Branch>, names: readonly string[], at: number): void {
  const path = names.join(".");
  let within = root;
  let branch: Branch | undefined;
  for (const name of names) {
    if (branch?.column !== undefined) refuse(branch.column.path);
    branch = branchOf(within, name);
    within = branch.within;
  }
  if (branch!.column !== undefined || within.size > 0) refuse(path);
  branch!.column = { at, path };
}

function nodesOf(branches: Map<string, Branch>): JsonNode[] {
  const all = [...branches.values()];
  return inKeyOrder(all.map(({ name }) => name)).map((index) => {
    const { name, column, within } = all[index];
    const key = JSON.stringify(name);
    const lead = `,${key}:`;
    return column === undefined ? { key, lead, within: nodesOf(within) } : { key, lead, column };
  });
}

/**
 * The keys of the objects that rows of a schema become; `nested` makes `user.city` the key `city`
 * in an object `user`.
 *
 * @throws {TypeError} when a column is where others make an object.
 */
export function jsonTree({ fields }: Schema, nested: boolean): JsonNode[] {
  const root = new Map<string, Branch>();
  fields.forEach(({ name }, at) => place(root, nested ? name.split(".") : [name], at));
  return nodesOf(root);
}

function floatPaths(type: DataType, path: string, found: Set<string>): void {
  if (type.kind === "f32" || type.kind === "f64") found.add(path);
  else if (type.kind === "list") floatPaths(type.item, path, found);
  else if (type.kind === "struct") {
    for (const field of type.fields) floatPaths(field.type, `${path}.${field.name}`, found);
  }
}

/** The paths of all floats of a schema; items of a list have the list's. */
export function floatsOf({ fields }: Schema): Set<string> {
  const found = new Set<string>();
  for (const { name, type } of fields) floatPaths(type, name, found);
  return found;
}
