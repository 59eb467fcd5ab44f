import type { Column } from "../../batch/column.ts";
import { concatColumns, takeColumn } from "../../batch/column_ops.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { BLOCK_ROWS, type BlockSeed } from "../../kernel/sampler_kernel.ts";
import { nearest, symbolsOfPositions } from "../encoding/category_plan.ts";
import type { CategoryPlan, ColumnPlan } from "../encoding/plans.ts";
import type { StateColumn } from "../entities/entities.ts";
import { stateWords } from "../entities/learn_states.ts";
import { RowMatcher } from "../entities/row_matching.ts";
import { sortableNumbers, timeColumn } from "./twin_columns.ts";
import type { KeyColumns } from "./key_columns.ts";
import { numbersAt, positionsAt } from "./pieces.ts";
import type { EventChunk } from "./twin_events.ts";
import { drawnColumns, type Twin } from "./twin.ts";

/** Makes a block of the rows that the model draws. */
export type DrawRows = (at: BlockSeed) => RecordBatch;

/** A chunk of events with rows: which each has. */
export interface MatchedChunk {
  readonly columns: readonly Column[];
  readonly rows: Uint32Array;
}

/** Some events of a chunk. */
export interface ChunkEvents {
  readonly chunk: EventChunk;
  readonly matched: MatchedChunk;
  /** Positions within the chunk. */
  readonly events: Uint32Array;
}

/** The symbols of rows in a column of categories. */
function symbolWords(plan: CategoryPlan, column: Column): Uint32Array {
  const { values, nulls } = sortableNumbers(column);
  const symbols = symbolsOfPositions(plan);
  const none = plan.sizes.length;
  const { values: list, unit } = plan;
  const place = (value: number) =>
    list.kind === "texts" ? value : nearest(list.numbers, value * unit!.divisor);
  const out = new Uint32Array(values.length);
  for (let row = 0; row < out.length; row++) {
    out[row] = nulls[row] ? none : symbols[place(values[row])];
  }
  return out;
}

/** What a column of states shows of rows, as words that sort. */
function wordsOf(of: StateColumn, plan: ColumnPlan, column: Column): Uint32Array {
  if (of.kind === "chain") return symbolWords(plan as CategoryPlan, column);
  const { values, nulls } = sortableNumbers(column);
  if (of.scores) { for (let i = 0; i < values.length; i++) values[i] = of.scores[values[i]] ?? 0; }
  return stateWords(values, nulls);
}

/** How the rows of a twin are drawn. */
export interface TwinRowsOptions {
  readonly seed: bigint;
  readonly draw: DrawRows;
  /** How they are encoded. */
  readonly plans: readonly ColumnPlan[];
  /** The columns of keys, where there are some. */
  readonly keys: KeyColumns | undefined;
}

/** Gives rows to events, and puts the columns of a stream together. */
export class TwinRows {
  readonly #twin: Twin;
  readonly #seed: bigint;
  readonly #draw: DrawRows;
  readonly #plans: readonly ColumnPlan[];
  readonly #drawn: readonly number[];
  readonly #keys: KeyColumns | undefined;
  readonly #matcher: RowMatcher | undefined;

  /** With rows of a seed. */
  constructor(twin: Twin, { seed, draw, plans, keys }: TwinRowsOptions) {
    const { states } = this.#twin = twin;
    this.#keys = keys;
    this.#seed = seed;
    this.#draw = draw;
    this.#plans = plans;
    this.#drawn = drawnColumns(twin);
    if (states.columns.length > 0) {
      const exact = states.columns.filter(({ kind }) => kind === "chain").length;
      this.#matcher = new RowMatcher(states.chunk, { exact, slabs: states.slabs });
    }
  }

  /** The rows of a chunk, each given to one of its events. */
  match({ number, times, targets }: EventChunk): MatchedChunk {
    const rows = new Uint32Array(times.length);
    for (let at = 0; at < rows.length; at++) rows[at] = at;
    if (this.#drawn.length === 0) return { columns: [], rows };
    const blocks = times.length / BLOCK_ROWS;
    const batches = Array.from(
      { length: blocks },
      (_, at) => this.#draw({ seed: this.#seed, block: number * blocks + at }),
    );
    const columns = batches[0].schema.fields.map(({ type }, at) =>
      concatColumns(type, batches.map((batch) => batch.columnAt(at)))
    );
    if (!this.#matcher) return { columns, rows };
    const words = this.#twin.states.columns.map((of) =>
      wordsOf(of, this.#plans[of.column], columns[of.column])
    );
    return { columns, rows: this.#matcher.match(targets, words) };
  }

  /** The columns of some events, in order; texts may be in dictionaries. */
  columns({ chunk, matched, events }: ChunkEvents): Column[] {
    const { fields, time } = this.#twin;
    const rows = positionsAt(matched.rows, events);
    const drawn = matched.columns.map((column) => takeColumn(column, rows));
    const out = new Map([[time, timeColumn(fields[time].type, numbersAt(chunk.times, events))]]);
    if (chunk.keys) this.#keys?.put(numbersAt(chunk.keys, events), out);
    this.#drawn.forEach((at, of) => out.set(at, drawn[of]));
    return fields.map((_, at) => out.get(at)!);
  }
}
