import { type Kernel, KernelMemoryError } from "./kernel.ts";
import { SharedShape } from "./shared_shape.ts";
import { windowPlanOf } from "./session_plan.ts";
import type { SessionPlan } from "./session_types.ts";
import { longKey, MAX_KEY_BYTES } from "./window_check.ts";
import type { TableContext } from "./window_context.ts";
import { GATHER_BYTES } from "./window_gather.ts";
import { LAYOUT_BYTES, layoutCount, layoutOf, layoutWords } from "./window_layout.ts";
import { createTable } from "./window_table.ts";

const BYTES_MODE = 1;
const OUT_OF_MEMORY = 1;
const BAD_INDEX = 2;

/** What the parts of the kernel's sessions share: the table of their states, and the sessions. */
export interface SessionContext extends TableContext {
  /** Address of the sessions. */
  readonly sessions: number;
  /** Throws what a code of the kernel stands for. */
  check(code: number, what: string): void;
  /** The error of a budget that is spent, told in terms of sessions. */
  memoryError(what: string): KernelMemoryError;
}

function memoryError(kernel: Kernel, sessions: number, what: string): KernelMemoryError {
  const { budgetBytes, usedBytes, remedy, exports } = kernel;
  const open = sessions === 0 ? 0 : exports.sessionsOpen(sessions) >>> 0;
  return new KernelMemoryError(
    `Cannot ${what} sessions: the kernel's budget of ${budgetBytes} bytes is spent (${usedBytes} ` +
      `in use, ${open} sessions open); ${remedy}, use a shorter gap, or key by a column with fewer ` +
      `different values`,
  );
}

function badIndex(what: string): RangeError {
  return new RangeError(
    `Cannot ${what} sessions: a dictionary index lies beyond the dictionary; the batch is broken`,
  );
}

/** Makes sessions and the blocks that their parts share. */
export function createSessionContext(kernel: Kernel, plan: SessionPlan): SessionContext {
  const windows = windowPlanOf(plan);
  const layout = layoutOf(windows);
  const bufferBytes = GATHER_BYTES + MAX_KEY_BYTES + layout.bytes;
  const buffer = kernel.allocate(bufferBytes);
  const layouts = kernel.allocate(layoutCount(layout) * LAYOUT_BYTES);
  new Int32Array(kernel.u8.buffer).set(layoutWords(layout), layouts / 4);
  const shape = new SharedShape([windows]);
  const parts = { kernel, plan: windows, shape, layout, layouts, buffer, bufferBytes };
  const table = createTable({ ...parts, table: 0 }, layout.bytes, BYTES_MODE);
  const { gap = 0, touching, alone } = plan;
  const sessions = kernel.exports.sessionsCreate(table, gap, touching, alone) >>> 0;
  if (sessions === 0) throw memoryError(kernel, sessions, "make");
  return {
    ...parts,
    table,
    sessions,
    memoryError: (what) => memoryError(kernel, sessions, what),
    check: (code, what) => {
      if (code === 0) return;
      if (code === OUT_OF_MEMORY) throw memoryError(kernel, sessions, what);
      throw code === BAD_INDEX ? badIndex(what) : longKey();
    },
  };
}
