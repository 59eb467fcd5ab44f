/**
 * One window for all rows of a key. It has no bounds: `windowStart` and `windowEnd` are null.
 *
 * Its result comes at the end of the source, and none before unless a trigger gives some. No row is
 * late for it.
 *
 * @example
 * ```ts
 * import { GlobalWindow } from "@waggle/stream";
 *
 * const everything = new GlobalWindow();
 * console.log(everything instanceof GlobalWindow); // true
 * ```
 */
export class GlobalWindow {
  /** That of no other class is like it. */
  readonly kind = "global" as const;
}
