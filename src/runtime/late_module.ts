/**
 * Loads a module when it is needed. What `import()` names by a literal is read and looked through
 * when the program starts, with all that it imports, whether it is needed or not: in a program of
 * which each run needs but a part, that is most of what starting costs.
 *
 * Give its type as `typeof import("./it.ts")`, by which it also belongs to what is published. Deno
 * asks for `--allow-read` of it, as for a worker's module, unless it comes over the net.
 */
export async function lateModule<Module>(module: URL): Promise<Module> {
  return await import(module.href);
}
