/**
 * What windows are made of beside the row loop: deltas, routing, hashing, results, and memory.
 *
 * @module
 */
import type { Column } from "../src/batch/column.ts";
import { create, type Kernel } from "../src/kernel/kernel.ts";
import { KernelWindowTable } from "../src/kernel/window_table.ts";
import type { KernelColumn, WindowPlan, WindowRows } from "../src/kernel/window_types.ts";
import { first, last, max } from "../src/windows/aggregates.ts";
import { columnOf } from "../src/windows/plain_columns.ts";
import type { WindowTableOptions } from "../src/windows/plan.ts";
import { FunctionWindowTable } from "../src/windows/table/function_window_table.ts";
import { Random } from "../tests/support/random.ts";
import { type BenchGroup, type BenchRow, compare, row } from "./support/bench.ts";
import { collectGarbage } from "./support/collector.ts";

const SIZE = 60_000;
const BATCH_ROWS = 65_536;
const OWNERS = 2;
const AT = { watermarkBefore: -Infinity, bound: 0, partition: 0, position: 0 };
const OWNER_OF = Uint8Array.from({ length: 256 }, (_, group) => group & 1);

const PLAN: WindowPlan = {
  size: SIZE,
  offset: 0,
  allowedLateness: 0,
  keys: [{ kind: "utf8" }],
  values: [{ type: { kind: "f64" }, nullable: true }],
  aggregates: [
    { op: "count", value: -1 },
    { op: "sum", value: 0 },
    { op: "min", value: 0 },
    { op: "max", value: 0 },
  ],
};

interface Row {
  readonly key: string;
  readonly value: number;
}

interface Partial {
  readonly key: string;
  count: number;
  sum: number;
  min: number;
  max: number;
}

/** One batch of a window with these keys, as columns and as rows. */
function batchOf(keys: number, start = 0): { columns: WindowRows; rows: Row[] } {
  const random = new Random(keys);
  const rows = Array.from({ length: BATCH_ROWS }, (): Row => {
    return { key: `sensor-${random.below(keys)}`, value: random.next() };
  });
  const columns = {
    length: rows.length,
    times: columnOf({ kind: "timestamp" }, rows.map(() => BigInt(start))),
    keys: [columnOf({ kind: "utf8" }, rows.map(({ key }) => key))],
    values: [columnOf({ kind: "f64" }, rows.map(({ value }) => value))],
  };
  return { columns, rows };
}

function partialsOf(rows: readonly Row[]): Map<string, Partial> {
  const partials = new Map<string, Partial>();
  for (const { key, value } of rows) {
    const found = partials.get(key);
    if (found === undefined) {
      partials.set(key, { key, count: 1, sum: value, min: value, max: value });
    } else {
      found.count++;
      found.sum += value;
      if (value < found.min) found.min = value;
      if (value > found.max) found.max = value;
    }
  }
  return partials;
}

function mergePartials(into: Map<string, Partial>, partials: Iterable<Partial>): void {
  for (const partial of partials) {
    const found = into.get(partial.key);
    if (found === undefined) into.set(partial.key, { ...partial });
    else {
      found.count += partial.count;
      found.sum += partial.sum;
      if (partial.min < found.min) found.min = partial.min;
      if (partial.max > found.max) found.max = partial.max;
    }
  }
}

/** Folding deltas into an owner, against merging arrays of objects into a `Map`. */
async function fold(kernel: Kernel, keys: number): Promise<BenchRow> {
  const { columns, rows } = batchOf(keys);
  using forager = new KernelWindowTable(kernel, PLAN);
  using owner = new KernelWindowTable(kernel, PLAN);
  forager.add(columns, AT);
  const [delta] = forager.takeDeltas({ ownerOf: new Uint8Array(256), owners: 1 });
  const partials = [...partialsOf(rows).values()];
  const merged = new Map<string, Partial>();
  const times = Math.ceil(200_000 / partials.length);
  const repeat = (run: () => void) => {
    for (let time = 0; time < times; time++) run();
    return times * partials.length;
  };
  return await compare({
    name: `delta fold, ${keys.toLocaleString("en")} keys (records)`,
    contender: () => repeat(() => owner.fold(delta)),
    baseline: () => repeat(() => mergePartials(merged, partials)),
  });
}

/** An epoch: a batch into partial results, and those out for two owners. */
async function epoch(kernel: Kernel, keys: number): Promise<BenchRow> {
  const { columns, rows } = batchOf(keys);
  using table = new KernelWindowTable(kernel, PLAN);
  return await compare({
    name: `epoch of 64 Ki rows into deltas for 2 owners, ${keys.toLocaleString("en")} utf8 keys`,
    contender: () => {
      table.add(columns, AT);
      table.takeDeltas({ ownerOf: OWNER_OF, owners: OWNERS });
      return BATCH_ROWS;
    },
    baseline: () => {
      const owners: Partial[][] = [[], []];
      for (const partial of partialsOf(rows).values()) {
        owners[hashText(partial.key) & 1].push(partial);
      }
      return BATCH_ROWS;
    },
    rounds: 25,
  });
}

/** FNV-1a over the code units, as one writes it by hand. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 24;
}

const TEXTS: WindowTableOptions = {
  schema: {
    fields: [
      { name: "at", type: { kind: "timestamp" } },
      { name: "key", type: { kind: "utf8" } },
      { name: "name", type: { kind: "utf8" } },
    ],
  },
  time: "at",
  keys: ["key"],
  aggregates: { first: first("name"), last: last("name"), most: max("name") },
  window: { size: SIZE, offset: 0 },
};

/** The first, last and greatest of texts, as bees get them, against objects with texts in a `Map`. */
async function texts(kernel: Kernel, keys: number): Promise<BenchRow> {
  const { columns: { times, keys: [key], length }, rows } = batchOf(keys);
  const names = rows.map(({ value }) => `name ${Math.floor(value * 100)}`);
  const given = rows.map(({ key }, at) => ({ key, name: names[at] }));
  const name = columnOf({ kind: "dict" }, names);
  using table = new FunctionWindowTable(kernel, TEXTS);
  return await compare({
    name: `first, last, max of texts, ${keys.toLocaleString("en")} utf8 keys`,
    contender: () => {
      // Each batch has columns of its own, of which nothing is known yet.
      const columns = [times, key, name].map((column) => ({ ...column })) as Column[];
      table.add({ schema: TEXTS.schema, length, columns }, AT);
      table.close(Infinity);
      return length;
    },
    baseline: () => {
      const groups = new Map<string, { first: string; last: string; most: string }>();
      for (const { key, name } of given) {
        const found = groups.get(key);
        if (found === undefined) groups.set(key, { first: name, last: name, most: name });
        else {
          found.last = name;
          if (name > found.most) found.most = name;
        }
      }
      return length;
    },
    rounds: 25,
  });
}

async function route(kernel: Kernel): Promise<BenchRow> {
  const { columns, rows } = batchOf(100_000);
  using table = new KernelWindowTable(kernel, PLAN);
  return await compare({
    name: "rows routed to 2 owners by utf8 key",
    contender: () => {
      table.route(columns, { ...AT, ownerOf: OWNER_OF, owners: OWNERS });
      return BATCH_ROWS;
    },
    baseline: () => {
      const lists: number[][] = [[], []];
      rows.forEach(({ key }, at) => lists[hashText(key) & 1].push(at));
      return BATCH_ROWS;
    },
    rounds: 25,
  });
}

async function hashing(kernel: Kernel): Promise<BenchRow> {
  const { columns } = batchOf(100_000);
  const { values, offsets } = columns.keys[0] as KernelColumn;
  const hashes = new Uint32Array(BATCH_ROWS);
  using table = new KernelWindowTable(kernel, PLAN);
  return await compare({
    name: "64-bit hashes of utf8 keys, against FNV-1a of 32 bits",
    contender: () => table.hashKeys(columns).length,
    baseline: () => {
      for (let at = 0; at < BATCH_ROWS; at++) {
        let hash = 0x811c9dc5;
        for (let byte = offsets![at]; byte < offsets![at + 1]; byte++) {
          hash = Math.imul(hash ^ Number(values![byte]), 0x01000193);
        }
        hashes[at] = hash;
      }
      return BATCH_ROWS;
    },
    rounds: 25,
  });
}

/** Closing a window: results as sorted columns, against sorted arrays of result objects. */
async function close(kernel: Kernel, keys: number): Promise<BenchRow> {
  const { columns, rows } = batchOf(keys);
  using table = new KernelWindowTable(kernel, PLAN);
  const partials = partialsOf(rows);
  table.add(columns, AT);
  const snapshot = table.snapshot();
  return await compare({
    name: `window of ${keys.toLocaleString("en")} utf8 keys closed and sorted (results)`,
    beforeRound: () => table.restore(snapshot),
    contender: () => table.close(Infinity)!.length,
    baseline: () => {
      const results = [...partials.values()].map(({ key, count, sum, min, max }) => {
        return { windowStart: 0, windowEnd: SIZE, key, count, sum, min, max };
      });
      results.sort((a, b) => a.key < b.key ? -1 : 1);
      return results.length;
    },
  });
}

/** Blocks of mixed sizes taken and given back, against as many typed arrays. */
async function arena(kernel: Kernel): Promise<BenchRow> {
  const random = new Random(7);
  const sizes = Array.from({ length: 4096 }, () => 16 << random.below(10));
  const blocks = new Uint32Array(64);
  const arrays: (Uint8Array | undefined)[] = Array.from({ length: 64 });
  return await compare({
    name: "kernel blocks of 16 B to 8 KiB taken and given back, against new Uint8Array",
    contender: () => {
      sizes.forEach((bytes, at) => {
        kernel.release(blocks[at & 63]);
        blocks[at & 63] = kernel.allocate(bytes);
      });
      return sizes.length;
    },
    baseline: () => {
      sizes.forEach((bytes, at) => arrays[at & 63] = new Uint8Array(bytes));
      return sizes.length;
    },
    rounds: 25,
  });
}

const WINDOW_KEYS = 2000;
const FIRST_WINDOWS = 100;
const ALL_WINDOWS = 10_000;
const COLLECTED_WINDOWS = 10;
/** Windows after which all code is compiled and the nursery has its size, which take memory too. */
const WARM_UP_WINDOWS = 20_000;

const KEY_BYTES = 12;

/** A batch whose keys and times are written anew for every window, so that only windows change. */
class ChangingWindow {
  readonly #times = new BigInt64Array(WINDOW_KEYS);
  readonly #bytes = new Uint8Array(WINDOW_KEYS * KEY_BYTES);
  readonly columns: WindowRows;

  constructor() {
    const common = { length: WINDOW_KEYS, nullCount: 0 };
    const offsets = Int32Array.from({ length: WINDOW_KEYS + 1 }, (_, key) => key * KEY_BYTES);
    this.columns = {
      length: WINDOW_KEYS,
      times: { ...common, type: { kind: "timestamp" }, values: this.#times },
      keys: [{ ...common, type: { kind: "utf8" }, values: this.#bytes, offsets }],
      values: [{ ...common, type: { kind: "f64" }, values: new Float64Array(WINDOW_KEYS) }],
    };
  }

  /** Makes it the batch of a window, with keys that no other window has. */
  become(window: number): void {
    this.#times.fill(BigInt(window * SIZE));
    for (let key = 0; key < WINDOW_KEYS; key++) {
      let rest = window * WINDOW_KEYS + key;
      for (let at = KEY_BYTES - 1; at >= 0; at--, rest = Math.floor(rest / 10)) {
        this.#bytes[key * KEY_BYTES + at] = 48 + rest % 10;
      }
    }
  }
}

/** Kernel and resident memory after these numbers of closed windows. */
function measureMemory(...after: number[]): { kernelBytes: number; rssBytes: number }[] {
  const kernel = create();
  using table = new KernelWindowTable(kernel, PLAN);
  const changing = new ChangingWindow();
  let window = 0;
  return after.map((windows) => {
    for (; window < windows; window++) {
      changing.become(window);
      table.add(changing.columns, AT);
      table.close((window + 1) * SIZE);
      // what counts is what is kept, not how long results that nobody holds await the collector
      if (window % COLLECTED_WINDOWS === 0) collectGarbage();
    }
    collectGarbage();
    return { kernelBytes: kernel.memoryBytes, rssBytes: Deno.memoryUsage().rss };
  });
}

/** Memory after many closed windows of changing keys, against the first of them. */
function memory(): BenchRow[] {
  measureMemory(WARM_UP_WINDOWS);
  const measured = measureMemory(FIRST_WINDOWS, ALL_WINDOWS);
  const [first, last] = measured;
  const options = { target: 1.05, goal: "atMost", unit: "B" } as const;
  return [
    row("kernel memory after 10,000 closed windows of changing keys, against 100", {
      ...options,
      rate: last.kernelBytes,
      baselineRate: first.kernelBytes,
    }),
    row("resident memory after 10,000 closed windows of changing keys, against 100", {
      ...options,
      rate: last.rssBytes,
      baselineRate: first.rssBytes,
    }),
  ];
}

const MOST_STATE_BYTES = 64;

/** Bytes of an open window of so many keys, index included, by key: a count and a sum of doubles. */
function stateOf(keys: number): BenchRow {
  const kernel = create();
  const aggregates = PLAN.aggregates.slice(0, 2);
  const values = PLAN.values.map(({ type }) => ({ type, nullable: false }));
  using table = new KernelWindowTable(kernel, { ...PLAN, values, aggregates });
  const names = Array.from({ length: keys }, (_, key) => `sensor-${key}`);
  const columns = {
    length: keys,
    times: columnOf({ kind: "timestamp" }, names.map(() => 0n)),
    keys: [columnOf({ kind: "utf8" }, names)],
    values: [columnOf({ kind: "f64" }, names.map((_, key) => key))],
  };
  table.add(columns, AT);
  const { bytes, groups } = table.stats();
  return row(`state of a key in a window, count and sum, ${keys} utf8 keys, against 64 bytes`, {
    rate: bytes / groups,
    baselineRate: MOST_STATE_BYTES,
    target: 1,
    goal: "atMost",
    unit: "B",
    note: "its key and its part of the index included",
  });
}

async function rows(): Promise<BenchRow[]> {
  const kernel = create();
  return [
    ...memory(),
    ...[1_000, 10_000, 100_000, 1_000_000].map(stateOf),
    await fold(kernel, 1000),
    await fold(kernel, 50_000),
    await epoch(kernel, 1000),
    await epoch(kernel, 50_000),
    await texts(kernel, 1000),
    await route(kernel),
    await hashing(kernel),
    await close(kernel, 50_000),
    await arena(kernel),
  ];
}

/** Parts of the windows. */
export const group: BenchGroup = { name: "window parts", rows };
