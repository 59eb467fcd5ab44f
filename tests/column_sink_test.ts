import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Column } from "../src/batch/column.ts";
import { columnBuilder } from "../src/batch/nested_builders.ts";
import { readColumn } from "../src/batch/column_reader.ts";
import type { DataType } from "../src/batch/schema.ts";
import { types as t } from "../src/batch/mod.ts";
import { ColumnSink } from "../src/kernel/column_sink.ts";
import { create, type Kernel, KernelMemoryError } from "../src/kernel/kernel.ts";
import type { SinkBuffers, SinkColumnSpec } from "../src/kernel/sink_types.ts";
import { forSeeds, type Random } from "./support/random.ts";

const RUNS = 300;
const encoder = new TextEncoder();

interface Kind {
  readonly type: DataType;
  readonly spec: SinkColumnSpec;
  readonly value: (random: Random) => unknown;
}

const text = (random: Random) =>
  random.pick(["", "a", "ü", "bee", "sixteen letters!", "a text of more than sixteen letters"]) +
  (random.chance(0.3) ? random.below(3_000) : "").toString().repeat(random.below(9));

const KINDS: readonly Kind[] = [
  { type: t.bool, spec: { kind: "bool" }, value: (random) => random.chance(0.5) },
  { type: t.i32, spec: { kind: "i32" }, value: (random) => random.below(2 ** 32) - 2 ** 31 },
  { type: t.i64, spec: { kind: "i64" }, value: (random) => BigInt(random.below(2 ** 53)) - 9n },
  { type: t.f32, spec: { kind: "f32" }, value: (random) => Math.fround(random.next()) },
  { type: t.f64, spec: { kind: "f64" }, value: (random) => random.next() },
  { type: t.utf8, spec: { kind: "text" }, value: text },
  { type: t.dict, spec: { kind: "dict" }, value: text },
];

const LISTS: readonly Kind[] = KINDS.filter(({ type }) => type.kind !== "dict").map((item) => ({
  type: t.list(item.type),
  spec: { kind: "list", item: item.spec },
  value: (random) =>
    Array.from(
      { length: random.below(4) },
      () => random.chance(0.2) ? null : item.value(random),
    ),
}));

const ALL: readonly Kind[] = [...KINDS, ...LISTS];

/** Writes cells as readers do, by the host. */
class CellWriter {
  readonly #kernel: Kernel;
  readonly #text: number;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#text = kernel.allocate(70_000);
  }

  put(column: number, row: number, value: unknown): void {
    const { exports } = this.#kernel;
    if (value === null) exports.columnPutNull(column, row);
    else if (typeof value === "bigint") exports.columnPutI64(column, row, value);
    else if (typeof value === "string") {
      const bytes = encoder.encode(value);
      this.#kernel.u8.set(bytes, this.#text);
      exports.columnPutText(column, row, this.#text, bytes.length);
    } else if (Array.isArray(value)) {
      const items = exports.columnItems(column);
      let item = exports.columnListStart(column, row);
      for (const inner of value) this.put(items, item++, inner);
      exports.columnListEnd(column, row, item);
    } else exports.columnPutNumber(column, row, Number(value));
  }
}

function columnOf(type: DataType, buffers: SinkBuffers): Column {
  const { child, ...rest } = buffers;
  if (child === undefined) return { type, ...rest };
  const inner: DataType = type.kind === "list" ? type.item : { kind: "utf8" };
  return { type, ...rest, children: [columnOf(inner, child)] };
}

function valuesOf(column: Column): unknown[] {
  return readColumn(column, { start: 0, end: column.length });
}

Deno.test("ColumnSink gives the columns that builders give, over blocks and batches, with rows written twice and undone", () => {
  const kernel = create();
  forSeeds(RUNS, (random) => {
    const kinds = Array.from({ length: 1 + random.below(5) }, () => random.pick(ALL));
    const writer = new CellWriter(kernel);
    using sink = new ColumnSink(kernel, kinds.map(({ spec }) => spec));
    for (let batch = 0; batch < 3; batch++) {
      const builders = kinds.map(({ type }) => columnBuilder(type));
      sink.begin();
      let row = 0;
      for (let block = 0; block < 1 + random.below(3); block++) {
        const rows = random.below(random.pick([3, 70, 700]));
        sink.reserve({ rows: row + rows, bytes: rows * 600 }, row);
        for (const end = row + rows; row < end;) {
          const isBad = random.chance(0.1);
          for (const [at, { value }] of kinds.entries()) {
            const { address } = sink.columns[at];
            if (random.chance(0.1)) writer.put(address, row, value(random));
            const kept = random.chance(0.2) ? null : value(random);
            writer.put(address, row, kept);
            if (!isBad) builders[at].append(kept);
          }
          if (isBad) {
            sink.undoRow(row);
            sink.reserve({ rows: end, bytes: (end - row) * 600 }, row);
          } else row++;
        }
      }
      for (const [at, { type }] of kinds.entries()) {
        const made = columnOf(type, sink.columns[at].finish(row));
        const expected = builders[at].finish();
        assertEquals(valuesOf(made), valuesOf(expected), type.kind);
        assertEquals(made.nullCount, expected.nullCount);
        assertEquals(made.validity, expected.validity);
        assertEquals(made.offsets, expected.offsets);
        if (type.kind !== "dict" && type.kind !== "list") {
          assertEquals(made.values, expected.values);
        }
      }
    }
  });
});

Deno.test("ColumnSink keeps a small dictionary from batch to batch, and drops a large one", () => {
  const kernel = create();
  const writer = new CellWriter(kernel);
  using sink = new ColumnSink(kernel, [{ kind: "dict" }]);
  const [column] = sink.columns;
  const batch = (texts: readonly string[]) => {
    sink.begin();
    sink.reserve({ rows: texts.length, bytes: 10 * texts.length });
    texts.forEach((text, row) => writer.put(column.address, row, text));
    return column.finish(texts.length);
  };
  const first = batch(["a", "b", "a"]);
  const second = batch(["b", "b"]);
  assert(first.child === second.child);
  assertEquals([...second.values as Int32Array], [1, 1]);
  assertEquals(batch(Array.from({ length: 5_000 }, (_, at) => `t${at}`)).child!.length, 5_002);
  const last = batch(["b"]);
  assertEquals([last.child!.length, ...last.values as Int32Array], [1, 0]);
});

Deno.test("ColumnSink gives its memory back, and says so when the budget does not hold a batch", () => {
  const kernel = create({ budgetBytes: 1 << 20 });
  const before = kernel.usedBytes;
  const sink = new ColumnSink(kernel, ALL.map(({ spec }) => spec));
  assertThrows(() => sink.reserve({ rows: 100_000, bytes: 1_000_000 }), KernelMemoryError);
  sink[Symbol.dispose]();
  assertEquals(kernel.usedBytes, before);
});
