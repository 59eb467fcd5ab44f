/** The built-in modules that are loaded when they are first needed. */
interface BuiltIns {
  "node:crypto": typeof import("node:crypto");
  "node:net": typeof import("node:net");
  "node:sqlite": typeof import("node:sqlite");
  "node:url": typeof import("node:url");
  "node:zlib": typeof import("node:zlib");
}

/**
 * A built-in module, loaded when it is first needed: a static import would make every program and
 * every worker start tens of milliseconds later.
 *
 * @param doing What it is needed for, to end the sentence "Cannot …".
 * @throws {TypeError} where it does not exist.
 */
export function builtIn<Name extends keyof BuiltIns>(name: Name, doing: string): BuiltIns[Name] {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  const found = process?.getBuiltinModule?.(name) as BuiltIns[Name] | undefined;
  if (found) return found;
  throw new TypeError(`Cannot ${doing}: there is no ${name} in this runtime; use Deno 2.9`);
}
