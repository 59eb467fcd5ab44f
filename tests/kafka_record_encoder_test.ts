import { assert, assertEquals, assertThrows } from "@std/assert";
import { RecordBatch, schema, types as t } from "../mod.ts";
import { columnOf } from "../src/batch/column_of.ts";
import type { DataType } from "../src/batch/schema.ts";
import { create, KernelMemoryError } from "../src/kernel/kernel.ts";
import { partitionOfKey } from "../src/kafka/records/murmur2.ts";
import { BatchSealer } from "../src/kafka/records/batch_sealer.ts";
import "../src/kafka/kafka.ts";
import { COMPRESSIONS } from "../src/kafka/records/compression.ts";
import { RecordEncoder, type RecordEncoderOptions } from "../src/kafka/records/record_encoder.ts";
import { ReferenceRecordEncoder } from "../src/kafka/records/reference_record_encoder.ts";
import { decodePlainBatch, encodePlainBatch } from "../src/kafka/records/reference_records.ts";
import { UnfitRecord } from "../src/kafka/records/unfit_record.ts";
import { forSeeds, type Random } from "./support/random.ts";

const NOW = 1_700_000_000_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const DEFAULTS: Omit<RecordEncoderOptions, "layout"> = {
  topic: "t",
  partitions: 4,
  compression: "none",
  partitioner: { kind: "murmur2" },
  batchBytes: 65_536,
  maxRecordBytes: 1_048_576,
};

function encoderOf(options: Partial<RecordEncoderOptions>): RecordEncoder {
  return new RecordEncoder(create(), {
    ...DEFAULTS,
    layout: { value: { format: "json" } },
    ...options,
  });
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decoder.decode(bytes);
}

const EVENTS = schema({
  id: t.utf8,
  kind: t.dict,
  count: t.i32,
  price: t.f64,
  gone: t.bool,
  time: t.timestamp,
  shard: t.i32,
  trace: t.bytes,
});

function randomEvent(random: Random, partitions: number) {
  const text = () => "x".repeat(random.below(random.chance(0.05) ? 300 : 20));
  return {
    id: random.chance(0.2) ? null : text() + random.below(50),
    kind: random.chance(0.1)
      ? null
      : random.pick(["click", "", "a longer kind of event, far longer"]),
    count: random.chance(0.1) ? null : random.below(2 ** 31) - random.below(2 ** 31),
    price: random.chance(0.1) ? null : random.pick([0, -0, 0.1, 1e21, NaN, random.next() * 1e6]),
    gone: random.chance(0.1) ? null : random.chance(0.1),
    time: random.chance(0.2) ? null : NOW + random.below(2000) - 1000,
    shard: random.below(partitions),
    trace: random.chance(0.3) ? null : Uint8Array.from({ length: random.below(40) }, () => 200),
  };
}

type Event = ReturnType<typeof randomEvent>;
const VALUES = schema({ id: t.utf8, kind: t.dict, count: t.i32, price: t.f64 });

/** The part of two texts in which they begin to differ; they may be very long. */
function difference(found: string, expected: string): [found: string, expected: string] {
  let at = 0;
  while (at < found.length && found[at] === expected[at]) at++;
  const from = Math.max(0, at - 40);
  return [found.slice(from, at + 40), expected.slice(from, at + 40)];
}

const HEADERS = { trace: "trace", "kind of it": "kind", n: "count" };

function keyOf(event: Event, key: keyof Event | undefined): Uint8Array | null {
  const value = key === undefined ? null : event[key];
  return value === null
    ? null
    : value instanceof Uint8Array
    ? value
    : encoder.encode(String(value));
}

Deno.test("RecordEncoder makes the batches that ReferenceRecordEncoder makes of random rows", () => {
  forSeeds(80, (random) => {
    const partitions = 1 + random.below(9);
    const key = random.pick([undefined, "id", "kind", "count", "price", "trace", "time"] as const);
    const isGone = key !== undefined && random.chance(0.3);
    const hasHeaders = random.chance(0.5);
    const isChosen = random.chance(0.3);
    const batchBytes = random.pick([1, 200, 1000, 20_000]);
    const layout = {
      value: { format: "json" as const },
      valueColumns: ["id", "kind", "count", "price"],
      key,
      ...(hasHeaders && { headers: HEADERS }),
      ...(isGone && { tombstone: "gone" }),
      ...(random.chance(0.5) && { timestamp: "time" }),
    };
    const partitioner = isChosen ? { kind: "column", column: "shard" } as const : undefined;
    using records = encoderOf({
      partitions,
      batchBytes,
      layout,
      ...(partitioner && { partitioner }),
    });
    const twin = new ReferenceRecordEncoder({ partitions, batchBytes, sticky: NOW % partitions });
    for (let round = 0; round < 4; round++) {
      const rows = Array.from({ length: random.below(120) }, () => randomEvent(random, partitions))
        .map((row) => isGone && row[key] === null ? { ...row, gone: false } : row);
      records.append(RecordBatch.fromRows(rows, { schema: EVENTS }), NOW);
      const values = RecordBatch.fromRows(rows, { schema: VALUES, extraKeys: "ignore" })
        .toJson({ lines: true }).split("\n");
      twin.append(rows.map((row, at) => ({
        key: keyOf(row, key),
        value: isGone && row.gone ? null : encoder.encode(values[at]),
        headers: hasHeaders
          ? Object.entries(HEADERS).map(([name, of]) =>
            [name, keyOf(row, of as keyof Event)] as const
          )
          : [],
        timestamp: layout.timestamp === undefined ? NOW : row.time ?? NOW,
        ...(isChosen && { partition: row.shard }),
      })));
      const all = random.chance(0.5);
      const listed = (
        blocks: readonly { partition: number; records: number; bytes: Uint8Array }[],
      ) =>
        blocks.map((block) => `${block.partition} ${block.records} ${block.bytes.toHex()}`).join(
          "\n",
        );
      const [found, expected] = [listed(records.take(all)), listed(twin.take(all))];
      if (found !== expected) assertEquals(...difference(found, expected));
    }
  });
});

Deno.test("RecordEncoder compresses batches in each way, and their checksums fit", () => {
  const rows = Array.from({ length: 3000 }, (_, n) => ({ n, text: "again and again" }));
  for (const compression of COMPRESSIONS) {
    using records = encoderOf({ compression, partitions: 2, batchBytes: 20_000 });
    records.append(RecordBatch.fromRows(rows), NOW);
    assertEquals(records.pendingRecords, 3000);
    const blocks = records.take(true);
    assertEquals([records.pendingRecords, records.pendingBytes], [0, 0]);
    const values = blocks.flatMap(({ bytes }) => decodePlainBatch(bytes))
      .map(({ value }) => JSON.parse(decoder.decode(value!)));
    assertEquals(values.toSorted((a, b) => a.n - b.n), rows);
  }
});

Deno.test("RecordEncoder names the row that is too large, and appends nothing of its batch", () => {
  using records = encoderOf({ maxRecordBytes: 200, partitions: 1 });
  records.append(RecordBatch.fromRows([{ text: "kept" }]), NOW);
  const before = records.pendingBytes;
  // beyond the rows that are encoded at once
  const rows = Array.from(
    { length: 9000 },
    (_, n) => ({ text: n === 8500 ? "x".repeat(300) : "" }),
  );
  const error = assertThrows(
    () => records.append(RecordBatch.fromRows(rows), NOW),
    UnfitRecord,
    "row 8500 makes one of 381 bytes, more than maxRecordBytes (200)",
  );
  assertEquals([error.row, error.code], [8500, "MESSAGE_TOO_LARGE"]);
  assertEquals([records.pendingRecords, records.pendingBytes], [1, before]);
  const [{ bytes }] = records.take(true);
  assertEquals(decodePlainBatch(bytes).map(({ value }) => text(value)), ['{"text":"kept"}']);
});

Deno.test("RecordEncoder refuses partitions, times and tombstones that are none", () => {
  const columns = schema({ key: t.utf8, at: t.timestamp, to: t.i32, gone: t.bool });
  const good = { key: "k", at: NOW, to: 1, gone: false };
  const layout = {
    value: { format: "json" },
    key: "key",
    timestamp: "at",
    tombstone: "gone",
  } as const;
  const partitioner = { kind: "column", column: "to" } as const;
  const cases = [
    [{ ...good, to: 4 }, "the partition of row 1 must be a whole number from 0 to 3, received 4"],
    [{ ...good, to: -1 }, "from 0 to 3, received -1"],
    [{ ...good, to: null }, "from 0 to 3, received null"],
    [{ ...good, at: -5 }, "the timestamp of row 1 is -5, before 1970"],
    [{ ...good, key: null, gone: true }, "row 1 is a tombstone without a key"],
  ] as const;
  for (const [row, message] of cases) {
    using records = encoderOf({ layout, partitioner });
    const batch = RecordBatch.fromRows([good, row], { schema: columns });
    assertThrows(() => records.append(batch, NOW), UnfitRecord, message);
    assertEquals(records.pendingRecords, 0);
  }
});

Deno.test("RecordEncoder asks a function for partitions, with the key as it is sent", () => {
  const avroKey = { schema: '"string"', prefix: Uint8Array.of(0, 0, 0, 0, 7) };
  const seen: (string | null)[] = [];
  const partitioner = {
    kind: "custom" as const,
    partition(key: Uint8Array | null, partitions: number) {
      seen.push(key && key.toHex());
      return partitions - 1;
    },
  };
  using records = encoderOf({
    partitioner,
    layout: { value: { format: "raw", column: "value" }, key: "key", avroKey },
  });
  const columns = schema({ key: t.utf8, value: t.utf8 });
  const rows = [{ key: "a", value: "1" }, { key: null, value: null }];
  records.append(RecordBatch.fromRows(rows, { schema: columns }), NOW);
  assertEquals(seen, ["00000000070261", null]);
  const [{ partition, bytes }, ...others] = records.take(true);
  assertEquals([partition, others], [3, []]);
  assertEquals(
    decodePlainBatch(bytes).map(({ key, value }) => [key?.toHex(), text(value)]),
    [["00000000070261", "1"], [undefined, null]],
  );
  const wrong = { kind: "custom" as const, partition: () => 1.5 };
  using other = encoderOf({ partitioner: wrong });
  assertThrows(
    () => other.append(RecordBatch.fromRows([{ a: 1 }]), NOW),
    UnfitRecord,
    "the partition of row 0 must be a whole number from 0 to 3, received 1.5",
  );
});

Deno.test("RecordEncoder writes Avro behind a prefix, and leaves out the fields of tombstones", () => {
  const avro = { type: "record", name: "R", fields: [{ name: "n", type: "int" }] };
  using records = encoderOf({
    partitions: 1,
    layout: {
      value: { format: "avro", schema: JSON.stringify(avro), prefix: Uint8Array.of(0, 0, 0, 1, 2) },
      valueColumns: ["n"],
      key: "key",
      tombstone: "gone",
    },
  });
  const columns = schema({ key: t.i64, n: t.i32, gone: t.bool });
  const rows = [
    { key: 1n, n: 3, gone: false },
    { key: -2n, n: null, gone: true },
    { key: 3n, n: -1, gone: null },
  ];
  records.append(RecordBatch.fromRows(rows, { schema: columns }), NOW);
  const [{ bytes }] = records.take(true);
  const found = decodePlainBatch(bytes).map(({ key, value }) => [text(key), value?.toHex()]);
  assertEquals(found, [["1", "000000010206"], ["-2", undefined], ["3", "000000010201"]]);
});

Deno.test("RecordEncoder gives keyless rows of several takes to all partitions in turn", () => {
  using records = encoderOf({});
  const batch = RecordBatch.fromRows([{ a: 1 }, { a: 2 }]);
  const partitions = Array.from({ length: 6 }, () => {
    records.append(batch, NOW);
    return records.take(true).map(({ partition, records }) => [partition, records]);
  });
  assertEquals(partitions.flat(), [[0, 2], [1, 2], [2, 2], [3, 2], [0, 2], [1, 2]]);
});

Deno.test("RecordEncoder writes keys of every simple type as String does, and refuses others", () => {
  const values = {
    bool: [true, false, null],
    i32: [-1, 0, 2 ** 31 - 1, null],
    i64: [-(2n ** 63n), null, 7n],
    f32: [0.1, -0, NaN, 1e30, null],
    f64: [0.1, -0, Infinity, 5e-324, null],
    timestamp: [NOW, 0, null],
    date: [19_000, -1, null],
    time: [1, null],
    utf8: ["", "ü", null],
    dict: ["b", null, "a", "b"],
    bytes: [Uint8Array.of(0, 255), null],
  } as const;
  for (const [kind, keys] of Object.entries(values)) {
    const column = columnOf({ kind } as DataType, keys);
    const fields = [{ name: "key", type: column.type }];
    const batch = new RecordBatch({ fields }, [column], keys.length);
    using records = encoderOf({ partitions: 1, layout: { value: { format: "json" }, key: "key" } });
    records.append(batch as RecordBatch<unknown>, NOW);
    const [{ bytes }] = records.take(true);
    const rows = batch.toRows() as { key: unknown }[];
    const expected = rows.map(({ key }) => {
      if (key === null) return null;
      return key instanceof Uint8Array ? key.toHex() : encoder.encode(String(key)).toHex();
    });
    assertEquals(decodePlainBatch(bytes).map(({ key }) => key && key.toHex()), expected, kind);
  }
  using decimals = encoderOf({ partitions: 1, layout: { value: { format: "json" }, key: "d" } });
  const price = schema({ d: t.decimal(10, 2) });
  decimals.append(RecordBatch.fromRows([{ d: "-1.50" }], { schema: price }), NOW);
  const [{ bytes }] = decimals.take(true);
  assertEquals(decodePlainBatch(bytes).map(({ key }) => text(key)), ["-1.50"]);
  for (const column of [{ list: [1] }, { list: { a: 1 } }]) {
    using records = encoderOf({ layout: { value: { format: "json" }, key: "list" } });
    assertThrows(
      () => records.append(RecordBatch.fromRows([column]) as RecordBatch<unknown>, NOW),
      TypeError,
      'Cannot write records: key "list" must be of texts, bytes, numbers or times, received',
    );
  }
});

Deno.test("RecordEncoder sends to more partitions, or fewer, from when it is told", () => {
  using records = encoderOf({ partitions: 2 });
  const batch = RecordBatch.fromRows([{ a: 1 }]);
  const takes = [2, 4, 4, 4, 1, 1].map((partitions) => {
    records.setPartitions(partitions);
    records.append(batch, NOW);
    return records.take(true).map(({ partition }) => partition);
  });
  assertEquals(takes.flat(), [0, 1, 2, 3, 0, 0]);
  assertThrows(
    () => records.setPartitions(0),
    RangeError,
    "partitions must be a whole number from 1",
  );
});

Deno.test("RecordEncoder gives back what a large batch took, and keeps all when memory is spent", () => {
  const kernel = create({ budgetBytes: 1 << 24 });
  const options = { ...DEFAULTS, layout: { value: { format: "json" as const } } };
  using records = new RecordEncoder(kernel, { ...options, compression: "lz4" });
  const batch = (count: number) =>
    RecordBatch.fromRows(Array.from({ length: count }, (_, n) => ({ n, text: "x".repeat(90) })));
  records.append(batch(50_000), NOW);
  const used = kernel.usedBytes;
  records.take(true);
  assert(kernel.usedBytes < used / 4, `${kernel.usedBytes} of ${used}`);
  // what does not fit any more is not appended, and what waits is as it was
  let count = 0;
  assertThrows(() => {
    for (; count < 100; count++) records.append(batch(10_000), NOW);
  }, KernelMemoryError);
  assertEquals(records.pendingRecords, count * 10_000);
  const values = records.take(true).flatMap(({ bytes }) => decodePlainBatch(bytes));
  assertEquals(values.length, count * 10_000);
});

Deno.test("RecordEncoder fills the batches of a thousand partitions", () => {
  using records = encoderOf({ partitions: 1000, layout: { value: { format: "json" }, key: "n" } });
  records.append(RecordBatch.fromRows(Array.from({ length: 5000 }, (_, n) => ({ n }))), NOW);
  assertEquals(records.take(false), []);
  const found = records.take(true).flatMap(({ partition, bytes }) =>
    decodePlainBatch(bytes).map(({ key }) => partitionOfKey(key!, 1000) === partition)
  );
  assertEquals(found, Array.from({ length: 5000 }, () => true));
});

Deno.test("BatchSealer changes producer and checksum, however often, and nothing else", () => {
  const sealer = new BatchSealer();
  forSeeds(200, (random) => {
    const records = Array.from({ length: 1 + random.below(20) }, (_, offset) => ({
      offset,
      timestamp: NOW,
      key: null,
      value: new Uint8Array(random.below(random.chance(0.1) ? 5000 : 50)).fill(random.below(256)),
      headers: [],
    }));
    const bytes = encodePlainBatch({ records, compression: random.pick(COMPRESSIONS) });
    for (let time = 0; time < 3; time++) {
      const seal = {
        producerId: BigInt(random.below(2 ** 31)) * 1000n,
        producerEpoch: random.below(2 ** 15),
        baseSequence: random.below(2 ** 31),
        transactional: random.chance(0.5),
      };
      sealer.seal(bytes, seal);
      assertEquals(decodePlainBatch(bytes), records);
      const view = new DataView(bytes.buffer);
      assertEquals(view.getBigInt64(43), seal.producerId);
      assertEquals(view.getInt16(51), seal.producerEpoch);
      assertEquals(view.getInt32(53), seal.baseSequence);
      assertEquals((view.getInt16(21) & 16) !== 0, seal.transactional);
    }
    const expected = encodePlainBatch({ records }).length;
    assert(bytes.length > 61 && expected > 61);
  });
  assertThrows(
    () => sealer.seal(new Uint8Array(70), { ...SEAL }),
    Error,
    "Cannot seal record batch: 70 bytes are not one whole batch of format 2",
  );
});

const SEAL = { producerId: 1n, producerEpoch: 0, baseSequence: 0, transactional: false };
