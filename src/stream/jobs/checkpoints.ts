import type { MessageHeader } from "../../hive/pipeline_frames.ts";
import { MessageFlag } from "../../hive/pipeline_frames.ts";
import type { OwnerState } from "../../hive/window_owner.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { WorkLog } from "../work_log.ts";

const LOG_BYTES = 32 * 1024 * 1024;
/** A checkpoint costs as much as its state is large, so the log may grow with it. */
const LOG_PER_STATE = 2;
/** How much longer than planned the log may become while a checkpoint is on its way. */
const LOG_LIMIT = 4;

/** The state of all owners after the same batches. */
export interface Checkpoint {
  /** The first batch that is not in it. */
  readonly sequence: number;
  /** Watermark there, ms. */
  readonly watermark: number;
  readonly owners: readonly { readonly state: OwnerState; readonly snapshot: Uint8Array }[];
}

interface Arriving {
  snapshot: Uint8Array;
  at: number;
  state?: OwnerState;
}

function emptyState(owners: number, at: { sequence: number; watermark: number }): Checkpoint {
  const nothing = { state: { ...at, rows: 0 }, snapshot: new Uint8Array() };
  return { ...at, owners: Array(owners).fill(nothing) };
}

/** Decides when the state is saved, and puts the owners' pieces together. */
export class Checkpoints {
  readonly #runtime: Runtime;
  readonly #batches: number;
  #last: Checkpoint;
  #count = 0;
  #stateBytes = 0;
  #pending: { readonly sequence: number; readonly owners: (Arriving | undefined)[] } | undefined;

  /** The state of so many owners before the first batch; the next after `batches` batches. */
  constructor(owners: number, options: { runtime: Runtime; batches: number }) {
    this.#runtime = options.runtime;
    this.#batches = options.batches;
    this.#last = emptyState(owners, { sequence: 0, watermark: -Infinity });
  }

  /** Nothing is in the state of the batches before one. */
  startAt(sequence: number, watermark: number): void {
    this.#last = emptyState(this.#last.owners.length, { sequence, watermark });
  }

  /** The last complete one. */
  get last(): Checkpoint {
    return this.#last;
  }

  /** How many were completed. */
  get count(): number {
    return this.#count;
  }

  get #plannedBytes(): number {
    return Math.max(LOG_BYTES, LOG_PER_STATE * this.#stateBytes);
  }

  /** Whether it is time for the next, which may be wanted before it is due by itself. */
  isDue(log: WorkLog, isWanted = false): boolean {
    if (this.#pending || log.next === log.first) return false;
    return isWanted || log.bytes > this.#plannedBytes || log.next - log.first >= this.#batches;
  }

  /** Whether the log is so long that nothing more should be read before the next is complete. */
  isOverdue(log: WorkLog): boolean {
    return log.bytes > LOG_LIMIT * this.#plannedBytes;
  }

  /** Barriers are on their way, before the batch of this number. */
  begin(sequence: number): void {
    this.#pending = { sequence, owners: this.#last.owners.map(() => undefined) };
  }

  /** A bee was lost: what is on its way will never be complete. */
  abort(): void {
    this.#pending = undefined;
  }

  /**
   * Takes a piece of an owner's state, and how many rows are in it for each of several kinds of
   * windows; whether the checkpoint is complete with it.
   */
  add(
    owner: number,
    { header, body }: { readonly header: MessageHeader; readonly body: Uint8Array },
    kindRows?: readonly number[],
  ): boolean {
    const pending = this.#pending;
    if (!pending || pending.sequence !== header.sequence) return false;
    // Shared, so that it can be given to a bee without being copied.
    const arriving = pending.owners[owner] ??= {
      snapshot: new Uint8Array(this.#runtime.sharedMemory(header.amount)),
      at: 0,
    };
    arriving.snapshot.set(body, arriving.at);
    arriving.at += body.length;
    if ((header.flags & MessageFlag.more) !== 0) return false;
    const { sequence, watermark, position: rows } = header;
    arriving.state = { sequence, watermark, rows, ...(kindRows && { kindRows }) };
    return this.#complete(pending.owners);
  }

  #complete(arriving: readonly (Arriving | undefined)[]): boolean {
    const owners = arriving.flatMap((each) =>
      each?.state ? [{ state: each.state, snapshot: each.snapshot }] : []
    );
    if (owners.length < arriving.length) return false;
    const [{ state: { sequence, watermark } }] = owners;
    this.#last = { sequence, watermark, owners };
    this.#stateBytes = owners.reduce((sum, { snapshot }) => sum + snapshot.length, 0);
    this.#pending = undefined;
    this.#count++;
    return true;
  }
}
