import { concatBytes } from "../batch/concat_bytes.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { AddOutcome, TimeOutcome } from "../kernel/window_types.ts";
import type { WindowTable } from "../windows/window_table.ts";
import type { BeeOutputs } from "./bee_outputs.ts";
import { keyGroupOwners } from "./key_groups.ts";
import {
  type Covered,
  coveredBytes,
  message,
  type MessageHeader,
  MessageKind,
} from "./pipeline_frames.ts";
import { Routing } from "./routing.ts";
import { spellOut } from "./spell_out.ts";
import type { Part, Prepared } from "./window_input.ts";
import type { WindowOwner } from "./window_owner.ts";

const EPOCH_MS = 100;
/** By what an epoch may be longer, for as long as it has few groups: each costs once an epoch. */
const LONGEST_EPOCH = 8;
/** Rows of an epoch's usual length to one group, at least, where these are few. */
const ROWS_OF_FEW = 16;
const NOTHING = new Uint8Array();

/** What a forager works with. */
export interface ForagerOptions {
  /** Of which part of the task it is, where several go on with the same rows. */
  readonly part: number;
  readonly bee: number;
  readonly workers: number;
  /** Rows of an epoch, at most; eight times as many while they are of few groups. */
  readonly epochRows: number;
  /** How far apart records stand: see {@linkcode WindowInput.spacing}. */
  readonly spacing: number;
  /** Where partial results wait for the end of the epoch. */
  readonly table: WindowTable;
  /** The owner in the same bee. */
  readonly owner: WindowOwner;
  readonly outputs: BeeOutputs;
}

/** Where rows stand. */
interface Place {
  readonly partition: number;
  /** Of the first row in its partition. */
  readonly position: number;
  readonly generation: number;
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
    this.#ownerOf = keyGroupOwners(options.workers);
    this.#routing = new Routing(options.epochRows);
  }

  /** Whether it holds partial results. */
  get isLaden(): boolean {
    return this.#covered.length > 0;
  }

  /** Whether rows go to their owners one by one. */
  get isRouting(): boolean {
    return this.#options.workers > 1 && this.#routing.isOn;
  }

  /** Whether it has room for rows of which it hands none on. */
  get mayHold(): boolean {
    return this.#options.workers > 1 && !this.#routing.isOn && !this.#isFull;
  }

  /**
   * Takes a batch, or some rows of it; the counts get what became of them.
   *
   * @returns the watermark after them.
   */
  take({ parts, counts, kinds }: Prepared, header: MessageHeader): number {
    let after = -Infinity;
    const first = header.position * this.#options.spacing;
    for (const part of parts) {
      const place = { partition: header.count, position: first + part.from };
      const outcome = this.#takePart(part, { ...place, generation: header.generation });
      counts.absorbed += outcome.absorbed;
      counts.late += outcome.late;
      counts.untimed += outcome.untimed;
      counts.filtered += outcome.outside;
      outcome.kinds?.forEach(({ absorbed, late, outside }, kind) => {
        kinds![kind].absorbed += absorbed;
        kinds![kind].late += late;
        kinds![kind].filtered += outside;
        kinds![kind].untimed += outcome.untimed;
      });
      after = outcome.watermarkAfter;
    }
    return after;
  }

  #takePart(part: Part, place: Place): TimeOutcome & { readonly absorbed: number } {
    if (this.#options.workers === 1) return this.#keep(part, place);
    return this.#routing.isOn ? this.#route(part, place) : this.#collect(part, place);
  }

  /** There is no other owner. */
  #keep({ batch, ...at }: Part, place: Place): AddOutcome {
    const { owner } = this.#options;
    const outcome = owner.table.add(batch, { ...at, ...place });
    owner.count(outcome);
    return outcome;
  }

  #collect({ batch, ...at }: Part, place: Place): AddOutcome {
    const outcome = this.#options.table.add(batch, { ...at, ...place });
    this.#rows += outcome.absorbed;
    this.#groups += outcome.distinct;
    return outcome;
  }

  #route({ batch, ...at }: Part, place: Place): TimeOutcome & { readonly absorbed: number } {
    const { table, workers } = this.#options;
    const ownership = { ownerOf: this.#ownerOf, owners: workers };
    const outcome = table.route(batch, { ...at, ...place, ...ownership });
    let absorbed = 0;
    // Rows that the table judges are of windows side by side: their owner need not judge them.
    const watermark = at.bound === Infinity ? at.watermarkBefore : -Infinity;
    outcome.rows.forEach((indices, owner) => {
      absorbed += indices.length;
      if (indices.length === 0) return;
      this.#hand(owner, spellOut(batch.take(indices)), { ...place, watermark });
    });
    this.#routing.routed(batch.length);
    return { ...outcome, absorbed };
  }

  /** The order of rows is that of their positions, and a batch has room for all of its pieces. */
  #hand(to: number, batch: RecordBatch, at: Place & { readonly watermark: number }): void {
    const { bee, owner, outputs, part: amount } = this.#options;
    if (to === bee) return owner.add(batch, at);
    const { partition: count, ...rest } = at;
    outputs.peer(to).sendRows(message({ kind: MessageKind.rows, count, amount, ...rest }), batch);
  }

  /**
   * Notes that all rows of a batch have been taken; the epoch ends when it has become long, unless
   * nothing is to be handed on now.
   *
   * @returns whether the own watermark has moved by it.
   */
  finish(header: MessageHeader, nowMs: number, holds: boolean): boolean {
    const { sequence, watermarkAfter } = header;
    if (this.#covered.length === 0) this.#startedMs = nowMs;
    this.#covered.push({ sequence, watermarkAfter });
    if (holds) return false;
    const isLong = this.#options.workers === 1 || this.#routing.isOn || this.#isFull ||
      nowMs - this.#startedMs >= EPOCH_MS;
    return isLong && this.endEpoch(header.generation);
  }

  get #isFull(): boolean {
    const { epochRows } = this.#options;
    if (this.#rows < epochRows) return false;
    return this.#groups * ROWS_OF_FEW > epochRows || this.#rows >= epochRows * LONGEST_EPOCH;
  }

  /** Ships what it holds to the owners; whether the own watermark has moved by it. */
  endEpoch(generation: number): boolean {
    const { table, workers, bee, outputs, owner, part: amount } = this.#options;
    if (this.#covered.length === 0) return false;
    const deltas = this.#rows > 0 ? table.takeDeltas(this.#ownerOf, workers) : [];
    const covered = coveredBytes(this.#covered);
    const { length: count } = this.#covered;
    const header = message({ kind: MessageKind.delta, generation, count, amount });
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
