import { concatBytes } from "../batch/concat_bytes.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { WindowTable } from "../windows/window_table.ts";
import type { BeeOutputs } from "./bee_outputs.ts";
import {
  type Covered,
  coveredBytes,
  message,
  type MessageHeader,
  MessageKind,
  type RowCounts,
} from "./pipeline_frames.ts";
import { Routing } from "./routing.ts";
import { spellOut } from "./spell_out.ts";
import type { Prepared } from "./window_input.ts";
import type { WindowOwner } from "./window_owner.ts";

const KEY_GROUPS = 256;
const EPOCH_MS = 100;
const NOTHING = new Uint8Array();

/** What a forager works with. */
export interface ForagerOptions {
  readonly bee: number;
  readonly workers: number;
  /** How much the watermark lags behind the greatest time, ms. */
  readonly bound: number;
  /** Rows of an epoch, at most. */
  readonly epochRows: number;
  /** Where partial results wait for the end of the epoch. */
  readonly table: WindowTable;
  /** The owner in the same bee. */
  readonly owner: WindowOwner;
  readonly outputs: BeeOutputs;
}

/** Which bee owns each of the 256 key groups: ranges of equal size. */
function owners(workers: number): Uint8Array {
  return Uint8Array.from(
    { length: KEY_GROUPS },
    (_, group) => Math.floor(group * workers / KEY_GROUPS),
  );
}

/**
 * Takes any batch, whatever its keys, and brings it to the owners of these: as partial results at
 * the end of an epoch, or row by row where there are nearly as many keys as rows.
 */
export class Forager implements Disposable {
  readonly #options: ForagerOptions;
  readonly #ownerOf: Uint8Array;
  #routing: Routing;
  #covered: Covered[] = [];
  #rows = 0;
  #groups = 0;
  #startedMs = 0;

  /** A forager with nothing in its hands. */
  constructor(options: ForagerOptions) {
    this.#options = options;
    this.#ownerOf = owners(options.workers);
    this.#routing = new Routing(options.epochRows);
  }

  /** Whether it holds partial results. */
  get isLaden(): boolean {
    return this.#covered.length > 0;
  }

  /**
   * Takes a batch, or some rows of it; the counts get what became of them.
   *
   * @returns the watermark after them.
   */
  take(prepared: Prepared, header: MessageHeader): number {
    if (this.#options.workers === 1) return this.#keep(prepared, header);
    return this.#routing.isOn ? this.#route(prepared, header) : this.#collect(prepared, header);
  }

  #position(judged: boolean, header: MessageHeader) {
    const watermarkBefore = judged ? -Infinity : header.watermark;
    const bound = judged ? Infinity : this.#options.bound;
    return { watermarkBefore, bound, partition: header.count, position: header.position };
  }

  /** There is no other owner. */
  #keep({ batch, judged, counts }: Prepared, header: MessageHeader): number {
    const { owner } = this.#options;
    const outcome = owner.table.add(batch, this.#position(judged, header));
    owner.count(outcome.absorbed);
    note(counts, outcome.absorbed, outcome);
    return outcome.watermarkAfter;
  }

  #collect({ batch, judged, counts }: Prepared, header: MessageHeader): number {
    const outcome = this.#options.table.add(batch, this.#position(judged, header));
    note(counts, outcome.absorbed, outcome);
    this.#rows += outcome.absorbed;
    this.#groups += outcome.distinct;
    return outcome.watermarkAfter;
  }

  #route({ batch, judged, counts }: Prepared, header: MessageHeader): number {
    const { table, workers } = this.#options;
    const ownership = { ownerOf: this.#ownerOf, owners: workers };
    const outcome = table.route(batch, { ...this.#position(judged, header), ...ownership });
    let rows = 0;
    outcome.rows.forEach((indices, owner) => {
      rows += indices.length;
      if (indices.length > 0) this.#hand(owner, spellOut(batch.take(indices)), header);
    });
    note(counts, rows, outcome);
    this.#routing.routed(batch.length);
    return outcome.watermarkAfter;
  }

  /** The order of rows is that of their positions, and a batch has room for all of its pieces. */
  #hand(to: number, batch: RecordBatch, { count, position, generation }: MessageHeader): void {
    const { bee, owner, outputs } = this.#options;
    if (to === bee) return owner.add(batch, { partition: count, position });
    const header = message({ kind: MessageKind.rows, generation, count, position });
    outputs.peer(to).sendRows(header, batch);
  }

  /**
   * Notes that all rows of a batch have been taken; the epoch ends when it has become long.
   *
   * @returns whether the own watermark has moved by it.
   */
  finish(header: MessageHeader, nowMs: number): boolean {
    const { sequence, watermarkAfter } = header;
    if (this.#covered.length === 0) this.#startedMs = nowMs;
    this.#covered.push({ sequence, watermarkAfter });
    const { workers, epochRows } = this.#options;
    const isLong = workers === 1 || this.#routing.isOn || this.#rows >= epochRows ||
      nowMs - this.#startedMs >= EPOCH_MS;
    return isLong && this.endEpoch(header.generation);
  }

  /** Ships what it holds to the owners; whether the own watermark has moved by it. */
  endEpoch(generation: number): boolean {
    const { table, workers, bee, outputs, owner } = this.#options;
    if (this.#covered.length === 0) return false;
    const deltas = this.#rows > 0 ? table.takeDeltas(this.#ownerOf, workers) : [];
    const covered = coveredBytes(this.#covered);
    const header = message({ kind: MessageKind.delta, generation, count: this.#covered.length });
    for (let to = 0; to < workers; to++) {
      if (to === bee) continue;
      outputs.peer(to).sendPieces(header, concatBytes([covered, deltas[to] ?? NOTHING]));
    }
    if (deltas.length > 0) owner.fold(deltas[bee]);
    let moved = false;
    for (const each of this.#covered) moved = owner.cover(each) || moved;
    if (this.#rows > 0) this.#routing.measured(this.#rows, this.#groups);
    this.#forget();
    return moved;
  }

  #forget(): void {
    this.#covered = [];
    this.#rows = this.#groups = 0;
  }

  /** Begins anew with empty hands. */
  reset(): void {
    this.#options.table.restore(NOTHING);
    this.#routing = new Routing(this.#options.epochRows);
    this.#forget();
  }

  [Symbol.dispose](): void {
    this.#options.table[Symbol.dispose]();
  }
}

function note(
  counts: RowCounts,
  absorbed: number,
  outcome: { readonly late: number; readonly untimed: number },
): void {
  counts.absorbed += absorbed;
  counts.late += outcome.late;
  counts.untimed += outcome.untimed;
}
