import { type Kernel, KernelMemoryError } from "./kernel.ts";
import { createSessionContext, type SessionContext } from "./session_context.ts";
import { SessionIngest } from "./session_ingest.ts";
import { SessionSnapshots } from "./session_plan.ts";
import type {
  ClosedSessions,
  SessionEngine,
  SessionOrigin,
  SessionOutcome,
  SessionPlan,
  SessionRows,
} from "./session_types.ts";
import { checkRows, sumInRange } from "./window_check.ts";
import { WindowGather } from "./window_gather.ts";

const BAD_RECORD = -3;

/**
 * The open sessions of one operator in a kernel's memory.
 *
 * The twin in plain TypeScript is `ReferenceSessions`. Columns that already lie in the kernel's
 * memory are used where they are, all others are copied there a few thousand rows at a time.
 *
 * A batch that may not fit into the budget is taken after a snapshot, so that it can be undone.
 * Should the system refuse memory below the budget, so that a part of a batch was added, then the
 * sessions take nothing more and give nothing out until `restore()`.
 */
export class KernelSessions implements SessionEngine {
  readonly #context: SessionContext;
  readonly #ingest: SessionIngest;
  readonly #snapshots: SessionSnapshots;
  #broken = false;
  #disposed = false;

  /**
   * No sessions yet.
   *
   * @throws {KernelMemoryError} when the budget does not hold even that.
   */
  constructor(kernel: Kernel, plan: SessionPlan) {
    this.#context = createSessionContext(kernel, plan);
    this.#ingest = new SessionIngest(this.#context);
    this.#snapshots = new SessionSnapshots(plan, this.#context.layout);
  }

  /** Throws when a part of a batch or snapshot was added. */
  #checkWhole(): void {
    if (!this.#broken) return;
    throw new KernelMemoryError(
      "Cannot use sessions: a batch or snapshot failed when a part of it had been added; restore a " +
        "whole snapshot, with a budget that the system has the memory for",
    );
  }

  /** Runs something that allocates, so that running out of memory is told in terms of sessions. */
  #within<T>(what: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw error instanceof KernelMemoryError ? this.#context.memoryError(what) : error;
    }
  }

  add(rows: SessionRows, at: SessionOrigin): SessionOutcome {
    checkRows(this.#context.plan, rows);
    this.#checkWhole();
    return this.#within("add rows to", () => {
      const batch = this.#ingest.prepare(rows);
      const before = this.#ingest.cannotFail(batch) ? undefined : this.snapshot();
      this.#broken = true;
      try {
        const outcome = this.#ingest.add(batch, at);
        this.#broken = false;
        return outcome;
      } catch (error) {
        if (before) this.#load(this.#snapshots.read(before));
        throw error;
      } finally {
        this.#ingest.trim();
      }
    });
  }

  close(watermark: number): ClosedSessions | undefined {
    this.#checkWhole();
    const { kernel: { exports }, sessions, plan } = this.#context;
    const groups = exports.closeSessions(sessions, watermark);
    if (groups === 0) return undefined;
    this.#checkSums();
    const gather = new WindowGather(this.#context, [{ index: 0, groups }]);
    const closed = {
      length: groups,
      ...this.#bounds(groups),
      keys: gather.keys(),
      aggregates: plan.aggregates.map((aggregate) => gather.aggregate(aggregate)),
    };
    exports.dropSessions(sessions);
    return closed;
  }

  /** Throws when an integer sum of a closed session does not fit into 64 bits. */
  #checkSums(): void {
    const { kernel, sessions, plan, layout } = this.#context;
    for (const { op, value } of plan.aggregates) {
      if (op !== "sum" || layout.values[value].domain === "float") continue;
      const at = layout.values[value].sum;
      const state = kernel.exports.sessionOverflow(sessions, at) >>> 0;
      if (state === 0) continue;
      const halves = new DataView(kernel.u8.buffer, state + at, 16);
      sumInRange((halves.getBigInt64(8, true) << 64n) + halves.getBigUint64(0, true));
    }
  }

  #bounds(length: number): Pick<ClosedSessions, "windowStart" | "windowEnd"> {
    const { kernel, sessions, buffer, bufferBytes } = this.#context;
    const windowStart = new BigInt64Array(length);
    const windowEnd = new BigInt64Array(length);
    const most = bufferBytes >> 4;
    for (let from = 0; from < length; from += most) {
      const count = Math.min(most, length - from);
      kernel.exports.gatherSessions(sessions, from, count, buffer);
      windowStart.set(new BigInt64Array(kernel.u8.buffer, buffer, count), from);
      windowEnd.set(new BigInt64Array(kernel.u8.buffer, buffer + count * 8, count), from);
    }
    return { windowStart, windowEnd };
  }

  stats(): { sessions: number; bytes: number } {
    const { kernel: { exports }, sessions } = this.#context;
    return {
      sessions: exports.sessionsOpen(sessions) >>> 0,
      bytes: exports.sessionsBytes(sessions) >>> 0,
    };
  }

  oldest(): number {
    const { kernel: { exports }, sessions } = this.#context;
    return exports.sessionsOldest(sessions);
  }

  snapshot(): Uint8Array {
    this.#checkWhole();
    const { kernel, sessions, buffer, bufferBytes } = this.#context;
    const { exports } = kernel;
    const bytes = exports.measureSessions(sessions);
    return this.#snapshots.write(exports.measuredSessions() >>> 0, bytes, (to) => {
      exports.beginSessionRecords(sessions);
      for (let at = 0; at < bytes;) {
        const some = exports.writeSessions(sessions, buffer, bufferBytes);
        to.set(kernel.u8.subarray(buffer, buffer + some), at);
        at += some;
      }
    });
  }

  restore(snapshot: Uint8Array): void {
    const records = this.#snapshots.read(snapshot);
    this.#broken = true;
    this.#within("restore", () => this.#load(records));
  }

  /** Replaces all sessions by those of a snapshot. */
  #load(records: Uint8Array): void {
    const { kernel, sessions, buffer, bufferBytes } = this.#context;
    kernel.exports.clearSessions(sessions);
    for (let at = 0; at < records.length;) {
      const some = Math.min(records.length - at, bufferBytes);
      kernel.u8.set(records.subarray(at, at + some), buffer);
      const taken = kernel.exports.readSessions(sessions, buffer, some);
      if (taken <= 0) this.#failToRead(taken);
      at += taken;
    }
    this.#broken = false;
  }

  #failToRead(taken: number): never {
    if (taken < 0 && taken !== BAD_RECORD) throw this.#context.memoryError("restore");
    throw new TypeError(
      "Cannot restore sessions: a record of the snapshot is not one of theirs; restore one as " +
        "snapshot() gave it",
    );
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const { kernel, sessions, buffer, layouts } = this.#context;
    this.#ingest[Symbol.dispose]();
    kernel.exports.sessionsFree(sessions);
    kernel.release(buffer);
    kernel.release(layouts);
  }
}
