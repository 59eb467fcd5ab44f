import { denoProcess } from "../runtime/process.ts";

/**
 * The bytes of the standard input, for `ndjson()` and `csv()`, which take it in the place of a path.
 * It can be read once, and is closed when its reader wants no more. Needs no permission.
 *
 * @example
 * ```ts ignore
 * import { from, ndjson, standardInput } from "@waggle/stream";
 *
 * for await (const row of from(ndjson(standardInput()))) console.log(row);
 * ```
 */
export function standardInput(): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => denoProcess.stdin.chunks() };
}
