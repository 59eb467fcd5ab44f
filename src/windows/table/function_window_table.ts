import { several } from "../../batch/several.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { SharedShape } from "../../kernel/shared_shape.ts";
import { WindowClosing } from "../../kernel/window_closing.ts";
import { KernelWindowTable } from "../../kernel/window_table.ts";
import type {
  AddOutcome,
  BatchPosition,
  Ownership,
  RouteOutcome,
  WindowRows,
  WindowStats,
} from "../../kernel/window_types.ts";
import { count } from "../aggregates.ts";
import { CountFunction } from "../functions/count_function.ts";
import type { FunctionTables } from "../create_window_table.ts";
import { Aggregation, type States } from "../operator/aggregation.ts";
import { KeyIds } from "../operator/key_ids.ts";
import { readTimes } from "../operator/read_times.ts";
import { RunStates } from "../operator/run_states.ts";
import { extentOf, indexOf, keyTypeOf, planOf, type WindowTableOptions } from "../plan.ts";
import {
  checkTimeColumn,
  type ClosedKind,
  type ColumnBatch,
  type WindowTable,
} from "../window_table.ts";
import {
  type ClosedGroup,
  type FunctionKind,
  functionKinds,
  functionResults,
  ROWS,
} from "./function_results.ts";
import { SlicePlaces } from "./slice_places.ts";
import { type StateSlice, StateSlices } from "./state_slices.ts";
import { StateStacks } from "./state_stacks.ts";
import {
  type DeltaGroup,
  type DeltaSlice,
  readDelta,
  type TableDelta,
  writeDelta,
} from "./table_delta.ts";

/** Pairs of a slice and a key that may be open. */
const MOST_GROUPS = 16 * 1024 * 1024;
/** Fewer rows in a row are added one by one. */
const SHORTEST_RUN = 64;
/** With fewer rows of each key a run costs more than it saves; so many runs later is looked again. */
const LEAST_ROWS_OF_KEY = 3;
const SINGLE_RUNS = 15;
const ONE_OWNER: Ownership = { ownerOf: new Uint8Array(256), owners: 1 };
const COUNTED = { n: count() };

/** Groups by id of their keys, and the slice of each. */
interface ChosenGroups {
  readonly slices: readonly StateSlice[];
  readonly isWanted: (key: number) => boolean;
  readonly closed: readonly number[];
}

/**
 * The open windows of one operator whose aggregates hold what has no fixed size, such as text: the
 * states are in JavaScript. Which rows are late and who owns a key is decided in the kernel, as for
 * all other windows, so that bees can aggregate rows in any order here too.
 */
export class FunctionWindowTable implements WindowTable {
  readonly #schema: Schema;
  readonly #kinds: readonly FunctionKind[];
  readonly #of: string;
  readonly #time: number;
  readonly #keyColumns: readonly number[];
  readonly #lateness: number;
  /** Takes no rows in. */
  readonly #judge: KernelWindowTable;
  readonly #shape: SharedShape;
  readonly #aggregation: Aggregation;
  readonly #slices = new StateSlices((slice) => this.#dropped(slice));
  readonly #stacks: readonly StateStacks[];
  readonly #closing: WindowClosing;
  #keys: KeyIds;
  /** Adds many rows at once. */
  readonly #runStates: RunStates;
  /** How many runs are added row by row, because their rows have too many keys. */
  #single = 0;
  #groups = 0;
  #rows = 0;
  /** Of each of several kinds. */
  readonly #kindRows: number[];

  /**
   * An empty table.
   *
   * @throws {TypeError} for a column that is not there or does not fit its role, or a result name
   *   that occurs twice.
   */
  constructor(kernel: Kernel, options: WindowTableOptions) {
    const { schema, others = [], window } = options;
    this.#kinds = functionKinds(options);
    const { plan, time, keys } = planOf({
      ...options,
      aggregates: COUNTED,
      others: others.map(({ window }) => ({ window, aggregates: COUNTED })),
    });
    checkTimeColumn(options, time);
    this.#schema = schema;
    this.#time = time;
    this.#keyColumns = keys;
    this.#lateness = plan.allowedLateness;
    this.#shape = new SharedShape([window, ...others.map(({ window }) => window)]);
    this.#of = identityOf(options, this.#kinds);
    const functions = this.#kinds.flatMap(({ functions }) => functions);
    this.#aggregation = new Aggregation([new CountFunction(), ...functions]);
    this.#runStates = new RunStates(this.#aggregation);
    this.#keys = this.#newKeys();
    this.#kindRows = this.#kinds.map(() => 0);
    this.#stacks = this.#kinds.map((_, kind) =>
      new StateStacks(this.#slices, this.#aggregation, kind)
    );
    this.#closing = new WindowClosing(this.#shape, this.#slices, this.#stacks);
    this.#judge = new KernelWindowTable(kernel, plan);
  }

  get resultSchema(): Schema {
    return this.#kinds[0].schema;
  }

  #newKeys(): KeyIds {
    return new KeyIds(this.#keyColumns.map((at) => keyTypeOf(this.#schema.fields[at])));
  }

  #rowsOf({ columns, length }: ColumnBatch): WindowRows {
    const { length: width } = this.#schema.fields;
    if (columns.length !== width) {
      throw new TypeError(
        `Cannot add batch to windows: it must have ${
          several(width, "column")
        }, received ${columns.length}; ` +
          `all batches of an operator have one schema`,
      );
    }
    const keys = this.#keyColumns.map((at) => columns[at]);
    return { length, times: columns[this.#time], keys, values: [] };
  }

  add(batch: ColumnBatch, at: BatchPosition): AddOutcome {
    const { rows: [rows], ...outcome } = this.#judge.route(this.#rowsOf(batch), {
      ...at,
      ...ONE_OWNER,
    });
    this.#checkRoom(rows.length);
    const before = this.#groups;
    this.#addRows(batch, rows, at);
    this.#rows += rows.length;
    outcome.kinds?.forEach(({ absorbed }, kind) => this.#kindRows[kind] += absorbed);
    return { ...outcome, absorbed: rows.length, distinct: this.#groups - before };
  }

  /** @throws {RangeError} when so many more groups might be too many. */
  #checkRoom(more: number): void {
    if (this.#groups + more <= MOST_GROUPS) return;
    throw new RangeError(
      `Cannot open another window: at most ${MOST_GROUPS} pairs of a window, or slice, and a key ` +
        `may be open in a bee, and as good as all are; make windows shorter, keys fewer, or use ` +
        `more bees`,
    );
  }

  #addRows({ columns, length, ...batch }: ColumnBatch, rows: Uint32Array, at: BatchPosition): void {
    const times = readTimes(columns[this.#time], length);
    const ids = this.#keys.read(this.#keyColumns.map((at) => columns[at]), length);
    const { partition, position } = at;
    const aggregation = this.#aggregation;
    const positions = positionsFrom(position, length);
    aggregation.open({ ...batch, columns, length }, { times, partition, positions });
    const places = new SlicePlaces(this.#shape, times, { ...at, lateness: this.#lateness });
    for (let next = 0; next < rows.length;) {
      places.moves(rows[next]);
      const slice = this.#slices.at(places.place);
      const end = places.runEnd(rows, next);
      this.#addRun(slice, ids, { from: rows[next], to: rows[next] + end - next });
      next = end;
    }
    aggregation.close();
  }

  /** Adds rows that follow each other and are of one slice. */
  #addRun(slice: StateSlice, ids: Int32Array, run: RowRun): void {
    const { from, to } = run;
    if (to - from < SHORTEST_RUN || this.#single-- > 0) {
      for (let row = from; row < to; row++) {
        this.#aggregation.add(this.#statesOf(slice, ids[row]), row);
      }
      return;
    }
    const keys = this.#runStates.add(ids, run, (key) => this.#statesOf(slice, key));
    this.#single = keys * LEAST_ROWS_OF_KEY > to - from ? SINGLE_RUNS : 0;
  }

  #statesOf(slice: StateSlice, key: number): States {
    const known = slice.groups.get(key);
    if (known !== undefined) return known;
    const states = this.#aggregation.init();
    slice.groups.set(key, states);
    this.#keys.retain(key);
    this.#groups++;
    return states;
  }

  #dropped({ groups }: StateSlice): void {
    this.#groups -= groups.size;
    for (const key of groups.keys()) this.#keys.release(key);
  }

  route(batch: ColumnBatch, options: BatchPosition & Ownership): RouteOutcome {
    return this.#judge.route(this.#rowsOf(batch), options);
  }

  takeDeltas(ownerOf: Uint8Array, owners: number): Uint8Array[] {
    const ownerOfKey = this.#ownersOfKeys(ownerOf);
    const deltas = Array.from(
      { length: owners },
      (_, owner) =>
        this.#write({
          slices: this.#slices.all,
          isWanted: (key) => ownerOfKey[key] === owner,
          closed: [],
        }),
    );
    this.#clear();
    return deltas;
  }

  /** The owner of each key that has a group, by its id. */
  #ownersOfKeys(ownerOf: Uint8Array): Uint8Array {
    const ids = [...new Set(this.#slices.all.flatMap(({ groups }) => [...groups.keys()]))];
    const keys = this.#keys.columnsOf(ids.map((id) => this.#keys.valuesOf(id)));
    const { length } = ids;
    const times = { type: { kind: "f64" }, length, nullCount: 0, values: new Float64Array(length) };
    const hashes = new Uint8Array(this.#judge.hashKeys({ length, times, keys, values: [] }).buffer);
    const owners = new Uint8Array(this.#keys.end);
    // The group of a key is the highest byte of its hash, which is the last of the eight.
    ids.forEach((id, at) => owners[id] = ownerOf[hashes[8 * at + 7]]);
    return owners;
  }

  #write({ slices, isWanted, closed }: ChosenGroups): Uint8Array {
    const places = new Map<number, number>();
    const written: DeltaSlice[] = [];
    const groups: DeltaGroup[] = [];
    for (const { start, skipped, groups: own } of slices) {
      const before = groups.length;
      for (const [key, states] of own) {
        if (!isWanted(key)) continue;
        const place = places.getOrInsertComputed(key, () => places.size);
        groups.push([written.length, place, ...this.#aggregation.save(states)]);
      }
      if (groups.length > before) written.push([start, skipped]);
    }
    if (groups.length === 0) return new Uint8Array();
    const keys = [...places.keys()].map((key) => this.#keys.valuesOf(key));
    return writeDelta({ of: this.#of, closed, slices: written, keys, groups });
  }

  fold(delta: Uint8Array): { records: number } {
    if (delta.length === 0) return { records: 0 };
    const read = readDelta(delta, this.#of);
    this.#checkRoom(read.groups.length);
    this.#merge(read, this.#loaded(read));
    return { records: read.groups.length };
  }

  #loaded({ groups }: TableDelta): States[] {
    return groups.map(([, , ...saved]) => this.#aggregation.load(saved));
  }

  #merge({ slices, keys, groups }: TableDelta, loaded: readonly States[]): void {
    const ids = this.#keys.restore(keys);
    const own = slices.map(([start, skipped]) => this.#slices.at({ start, skipped }));
    groups.forEach(([slice, key], at) => {
      this.#aggregation.merge(this.#statesOf(own[slice], ids[key]), loaded[at]);
      this.#count(own[slice], loaded[at][ROWS] as number);
    });
  }

  #count(slice: StateSlice, rows: number): void {
    this.#rows += rows;
    for (let kind = 0; kind < this.#kindRows.length; kind++) {
      if (this.#shape.holds(kind, slice)) this.#kindRows[kind] += rows;
    }
  }

  snapshot(): Uint8Array {
    const { all: slices } = this.#slices;
    return this.#write({ slices, isWanted: () => true, closed: this.#closing.closed });
  }

  restore(snapshot: Uint8Array): void {
    const read = snapshot.length === 0 ? undefined : readDelta(snapshot, this.#of);
    const loaded = read && this.#loaded(read);
    this.#clear(read?.closed);
    if (read) this.#merge(read, loaded!);
  }

  #clear(closed?: readonly number[]): void {
    this.#slices.drop(this.#slices.count);
    for (const stacks of this.#stacks) stacks.takeResults();
    this.#closing.reset(closed);
    this.#keys = this.#newKeys();
    this.#rows = 0;
    this.#kindRows.fill(0);
  }

  close(watermark: number): RecordBatch | undefined {
    return this.closeKind(watermark)?.batch;
  }

  closeKind(watermark: number): ClosedKind | undefined {
    const kind = this.#closing.close(watermark - this.#lateness);
    if (kind === undefined) return undefined;
    const ranks = this.#keys.ranks();
    const groups = this.#stacks[kind].takeResults().flatMap(({ end, groups }) => {
      const start = this.#shape.kinds[kind].startOf(end);
      return Array.from(groups, ([key, states]): ClosedGroup => ({ start, end, key, states }))
        .sort((a, b) => ranks[a.key] - ranks[b.key]);
    });
    if (groups.length === 0) return undefined;
    return { kind, batch: functionResults(this.#kinds[kind], groups, this.#keys) };
  }

  nextClose(): number {
    return this.#closing.next() + this.#lateness;
  }

  stats(): WindowStats {
    return {
      windows: this.#slices.count,
      groups: this.#groups,
      rows: this.#rows,
      bytes: this.#keys.bytes,
      ...(this.#kinds.length > 1 && { kindRows: [...this.#kindRows] }),
    };
  }

  [Symbol.dispose](): void {
    this.#clear();
    this.#judge[Symbol.dispose]();
  }
}

/** Rows that follow each other. */
interface RowRun {
  readonly from: number;
  readonly to: number;
}

function positionsFrom(first: number, length: number): Float64Array {
  const positions = new Float64Array(length);
  for (let row = 0; row < length; row++) positions[row] = first + row;
  return positions;
}

/** Tells tables apart whose deltas do not fit each other. */
function identityOf(
  { schema, keys = [], aggregates, window, others = [] }: WindowTableOptions,
  kinds: readonly FunctionKind[],
): string {
  const typeOf = (name?: string) => schema.fields.find((field) => field.name === name)?.type;
  const windows = [{ window, aggregates }, ...others].map(({ window, aggregates }, kind) => {
    const ops = Object.values(aggregates).map(({ op, column, by, options }) => {
      return [op, options, column, typeOf(column), by, typeOf(by)];
    });
    return [extentOf(window), ops, kinds[kind].functions.map(({ type }) => type)];
  });
  return JSON.stringify([
    windows,
    keys.map((name) => [name, schema.fields[indexOf(schema, name, "key by")].type]),
  ]);
}

/** Makes a table in JavaScript. */
export const functionTables: FunctionTables = (kernel, options) => {
  return new FunctionWindowTable(kernel, options);
};
