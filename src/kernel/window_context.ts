import { type Kernel, KernelMemoryError } from "./kernel.ts";
import { longKey } from "./window_check.ts";
import type { StateLayout } from "./window_layout.ts";
import type { SharedShape } from "./shared_shape.ts";
import type { Ownership, WindowPlan } from "./window_types.ts";

const OUT_OF_MEMORY = 1;
const BAD_INDEX = 2;
const KEY_GROUPS = 256;
const MOST_OWNERS = 255;

/** What the parts of a window table share. */
export interface TableContext {
  readonly kernel: Kernel;
  /** Address of the table. */
  readonly table: number;
  readonly plan: WindowPlan;
  readonly shape: SharedShape;
  readonly layout: StateLayout;
  /** Address of the layouts of the values, and of the pairs behind them. */
  readonly layouts: number;
  /** A block for what goes to and fro. */
  readonly buffer: number;
  readonly bufferBytes: number;
}

/** The error of a budget that is spent, told in terms of windows. */
export function memoryError({ kernel, table }: TableContext, what: string): KernelMemoryError {
  const { budgetBytes, usedBytes, remedy, exports } = kernel;
  const open = exports.tableCount(table);
  const keys = exports.tableGroups(table) >>> 0;
  return new KernelMemoryError(
    `Cannot ${what} windows: the kernel's budget of ${budgetBytes} bytes is spent (${usedBytes} ` +
      `in use, ${open} window${open === 1 ? "" : "s"} open with ${keys} ` +
      `key${keys === 1 ? "" : "s"} in all); ${remedy}, use shorter windows, or key by a column ` +
      `with fewer different values`,
  );
}

/** Runs something that allocates, so that running out of memory is told in terms of windows. */
export function within<T>(context: TableContext, what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof KernelMemoryError ? memoryError(context, what) : error;
  }
}

/** Throws what a kernel's code stands for. */
export function checkCode(context: TableContext, code: number, what: string): void {
  if (code === 0) return;
  if (code === OUT_OF_MEMORY) throw memoryError(context, what);
  if (code !== BAD_INDEX) throw longKey();
  throw new RangeError(
    `Cannot ${what} windows: a dictionary index lies beyond the dictionary; the batch is broken`,
  );
}

/**
 * Puts the owners of the key groups at the start of the buffer.
 *
 * @throws {RangeError} unless each of 256 key groups has an owner.
 */
export function placeOwners({ kernel, buffer }: TableContext, ownership: Ownership): void {
  const { ownerOf, owners } = ownership;
  const wrong = ownerOf.length !== KEY_GROUPS || ownerOf.some((owner) => owner >= owners);
  if (wrong || owners > MOST_OWNERS) {
    throw new RangeError(
      `Cannot tell owners of keys: each of ${KEY_GROUPS} key groups needs an owner below ` +
        `${owners} (at most ${MOST_OWNERS}), received [${ownerOf.join()}]`,
    );
  }
  kernel.u8.set(ownerOf, buffer);
}
