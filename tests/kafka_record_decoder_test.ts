import { assert, assertEquals, assertThrows } from "@std/assert";
import { RecordBatch } from "../mod.ts";
import { crc32c } from "../src/batch/crc32c.ts";
import { valueAt } from "../src/batch/column_reader.ts";
import type { AbortedTransaction, Isolation } from "../src/kafka/driver/driver.ts";
import "../src/kafka/kafka.ts";
import { COMPRESSIONS } from "../src/kafka/records/compression.ts";
import { CorruptBatch } from "../src/kafka/records/corrupt_batch.ts";
import type { Cells, DecodedRecords } from "../src/kafka/records/decoded_records.ts";
import { murmur2 } from "../src/kafka/records/murmur2.ts";
import { RecordEncoder } from "../src/kafka/records/record_encoder.ts";
import { type DecodableBlock, RecordDecoder } from "../src/kafka/records/record_decoder.ts";
import {
  controlBatch,
  decodePlainBatch,
  decodePlainBatches,
  encodePlainBatch,
  type PlainRecord,
} from "../src/kafka/records/reference_records.ts";
import { wholeBatches } from "../src/kafka/records/whole_batches.ts";
import { KafkaReader } from "../src/kernel/kafka_reader.ts";
import { create } from "../src/kernel/kernel.ts";
import { forSeeds, type Random, seeds } from "./support/random.ts";

const NOW = 1_700_000_000_000;
const MAX_BATCH_BYTES = 1 << 24;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function cellAt({ bytes, starts, lengths }: Cells, at: number): Uint8Array | null {
  return lengths[at] < 0 ? null : bytes.slice(starts[at], starts[at] + lengths[at]);
}

function plain(decoded: DecodedRecords): PlainRecord[] {
  const { offsets, timestamps, keys, values, headers } = decoded;
  return Array.from({ length: decoded.count }, (_, at) => ({
    offset: offsets[at],
    timestamp: timestamps[at],
    key: cellAt(keys, at),
    value: cellAt(values, at),
    headers: Array.from({ length: headers.firsts[at + 1] - headers.firsts[at] }, (_, n) => {
      const header = headers.firsts[at] + n;
      return [
        decoder.decode(cellAt(headers.names, header)!),
        cellAt(headers.values, header),
      ] as const;
    }),
  }));
}

function blockOf(bytes: Uint8Array, block: Partial<DecodableBlock> = {}): DecodableBlock {
  return { topic: "t", partition: 3, bytes, from: 0, aborted: [], ...block };
}

interface Reading {
  readonly isolation?: Isolation;
  readonly maxRecords?: number;
  readonly maxBatchBytes?: number;
}

function decoderOf({ isolation = "read_committed", ...options }: Reading = {}): RecordDecoder {
  return new RecordDecoder(create(), { isolation, maxBatchBytes: MAX_BATCH_BYTES, ...options });
}

function decodeAll(block: DecodableBlock, reading?: Reading): PlainRecord[] {
  using records = decoderOf(reading);
  return Array.from(records.decode(block), plain).flat();
}

function anyBytes(random: Random, most: number): Uint8Array | null {
  if (random.chance(0.15)) return null;
  // a data record's key may look like a marker's
  if (random.chance(0.1)) return new Uint8Array(4);
  return Uint8Array.from({ length: random.below(most) }, () => random.below(256));
}

function anyRecord(random: Random, offset: number): PlainRecord {
  return {
    offset,
    timestamp: NOW + random.below(100_000) - 50_000,
    key: anyBytes(random, 12),
    value: anyBytes(random, random.chance(0.02) ? 3000 : 40),
    headers: Array.from(
      { length: random.chance(0.7) ? 0 : random.below(4) },
      () => [random.pick(["", "trace", "ü"]), anyBytes(random, 8)] as const,
    ),
  };
}

interface Log {
  readonly batches: Uint8Array<ArrayBuffer>[];
  readonly aborted: AbortedTransaction[];
  readonly end: number;
}

/** A partition as a broker may have it: transactions of several producers between each other. */
function anyLog(random: Random): Log {
  const batches: Uint8Array<ArrayBuffer>[] = [];
  const aborted: AbortedTransaction[] = [];
  const open = new Map<bigint, number>();
  let offset = random.below(1000) + random.pick([0, 2 ** 32 - 500, 2 ** 44]);
  const end = (producerId: bigint, kind: "abort" | "commit") => {
    if (kind === "abort") aborted.push({ producerId, firstOffset: open.get(producerId)! });
    open.delete(producerId);
  };
  for (let count = random.below(14); count > 0; count--) {
    const producerId = BigInt(1 + random.below(3));
    if (open.has(producerId) && random.chance(0.5)) {
      const kind = random.chance(0.6) ? "abort" : "commit";
      end(producerId, kind);
      batches.push(controlBatch(offset++, kind, producerId));
      continue;
    }
    const transactional = random.chance(0.6);
    const baseOffset = offset;
    if (transactional && !open.has(producerId)) open.set(producerId, baseOffset);
    const records: PlainRecord[] = [];
    for (let left = random.below(12); left > 0; left--) {
      // compaction takes records away
      if (random.chance(0.8)) records.push(anyRecord(random, offset));
      offset++;
    }
    batches.push(encodePlainBatch({
      records,
      baseOffset,
      lastOffset: Math.max(baseOffset, offset - 1),
      compression: records.length === 0 ? "none" : random.pick(COMPRESSIONS),
      ...(random.chance(0.2) && { appendTime: NOW + 5 }),
      ...((transactional || random.chance(0.5)) && { producerId, producerEpoch: 0 }),
      transactional,
    }));
    offset = Math.max(offset, baseOffset + 1);
  }
  // what is aborted behind the answer is among the aborted too
  for (const producerId of [...open.keys()]) if (random.chance(0.5)) end(producerId, "abort");
  return { batches, aborted: random.shuffle(aborted), end: offset };
}

Deno.test("RecordDecoder reads random logs as the reference does, whatever comes at once", () => {
  forSeeds(150, (random) => {
    const { batches, aborted, end } = anyLog(random);
    const isolation = random.pick(["read_committed", "read_uncommitted"] as const);
    const from = random.chance(0.5) ? 0 : end - random.below(100);
    const expected = decodePlainBatches(batches, { from, isolation, aborted });
    const maxRecords = random.pick([1, 3, 1000]);
    const found = decodeAll(blockOf(joined(batches), { from, aborted }), { isolation, maxRecords });
    assertEquals(found, expected);
  });
});

Deno.test("RecordDecoder gives columns and lines of the records that it gives as cells", () => {
  forSeeds(50, (random) => {
    const { batches } = anyLog(random);
    using records = decoderOf({ isolation: "read_uncommitted" });
    for (const decoded of records.decode(blockOf(joined(batches)))) {
      const rows = plain(decoded);
      const values = (column: ReturnType<DecodedRecords["keyColumn"]>) =>
        rows.map((_, at) => valueAt(column, at));
      const text = (bytes: Uint8Array | null) => bytes && decoder.decode(bytes);
      assertEquals(values(decoded.offsetColumn()), rows.map(({ offset }) => BigInt(offset)));
      assertEquals(values(decoded.timestampColumn()), rows.map(({ timestamp }) => timestamp));
      assertEquals(values(decoded.partitionColumn()), rows.map(() => 3));
      assertEquals(values(decoded.keyColumn("bytes")), rows.map(({ key }) => key));
      assertEquals(values(decoded.keyColumn("utf8")), rows.map(({ key }) => text(key)));
      assertEquals(values(decoded.valueColumn("bytes")), rows.map(({ value }) => value));
      const headers = decoded.headerColumn();
      assertEquals(values(headers), rows.map((row) => Object.fromEntries(row.headers)));
      new RecordBatch(
        { fields: [{ name: "headers", type: headers.type }] },
        [headers],
        rows.length,
      );
    }
  });
});

Deno.test("headerColumn() holds also when room for it moves the kernel's memory", () => {
  const [many, long] = [20_000, 1 << 20];
  const few = [["name", new Uint8Array(long)]] as const;
  const all = Array.from({ length: many }, (_, at) => [`h${at}`, encoder.encode("v")] as const);
  for (const headers of [few, all]) {
    const record = { offset: 0, timestamp: NOW, key: null, value: null, headers };
    const block = blockOf(encodePlainBatch({ records: [record] }));
    // each in a kernel of its own, whose memory is small yet
    for (let waste = 0; waste < 4; waste++) {
      const kernel = create();
      kernel.allocate(1 + waste * (long >> 2));
      const options = { isolation: "read_committed", maxBatchBytes: MAX_BATCH_BYTES } as const;
      using records = new RecordDecoder(kernel, options);
      const columns = Array.from(records.decode(block), (decoded) => {
        return valueAt(decoded.headerColumn(), 0);
      });
      assertEquals(columns, [Object.fromEntries(headers)]);
    }
  }
});

Deno.test("valueLines() makes one line of each value, and a tab of each line end in it", () => {
  const values = ['{"a":\n1}', null, "", " \n", "x".repeat(40) + "\r" + "y".repeat(40), '"\\n"'];
  const records = values.map((value, offset) => ({
    offset,
    timestamp: NOW,
    key: null,
    value: value === null ? null : encoder.encode(value),
    headers: [],
  }));
  using decoding = decoderOf();
  const [decoded] = decoding.decode(blockOf(encodePlainBatch({ records })));
  const { bytes, starts } = decoded.valueLines();
  const long = "x".repeat(40) + "\t" + "y".repeat(40);
  const lines = ['{"a":\t1}\n', "\n", "\0\n", "\0\n", `${long}\n`, '"\\n"\n'];
  assertEquals(decoder.decode(bytes), lines.join(""));
  assertEquals(
    lines.map((_, at) => decoder.decode(bytes.subarray(starts[at], starts[at + 1]))),
    lines,
  );
});

Deno.test("RecordDecoder gives 200,000 records of a batch in several parts", () => {
  const batch = RecordBatch.fromRows(
    Array.from({ length: 200_000 }, (_, at) => ({ value: Uint8Array.of(at & 255) })),
  );
  for (const compression of ["none", "zstd"] as const) {
    using encoding = new RecordEncoder(create(), {
      topic: "t",
      partitions: 1,
      layout: { value: { format: "raw", column: "value" } },
      compression,
      partitioner: { kind: "murmur2" },
      batchBytes: 1 << 24,
      maxRecordBytes: 100,
    });
    encoding.append(batch, NOW);
    const [{ bytes, records }] = encoding.take(true);
    assertEquals(records, 200_000);
    using decoding = decoderOf();
    let [parts, next] = [0, 0];
    for (const { count, offsets, values } of decoding.decode(blockOf(bytes, { from: 5 }))) {
      parts++;
      for (let at = 0; at < count; at++) {
        const offset = 5 + next++;
        if (offsets[at] !== offset || values.bytes[values.starts[at]] !== (offset & 255)) {
          throw new Error(`${offsets[at]} is not ${offset}`);
        }
      }
    }
    assertEquals([parts, next], [4, 199_995]);
  }
});

Deno.test("RecordDecoder takes more headers of a record than it had room for", () => {
  const headers = Array.from({ length: 5000 }, (_, at) => [`h${at}`, Uint8Array.of(1)] as const);
  const records = [0, 1, 2].map((offset) => ({
    offset,
    timestamp: NOW,
    key: null,
    value: null,
    headers: offset === 0 ? headers.slice(0, 700) : headers,
  }));
  assertEquals(decodeAll(blockOf(encodePlainBatch({ records }))), records);
});

Deno.test("RecordDecoder gives what is before a damaged batch, then names it and its place", () => {
  const one = (offset: number) =>
    encodePlainBatch({ records: [{ ...anyRecordOf("kept"), offset }] });
  const damaged = one(8);
  damaged[70] ^= 1;
  using decoding = decoderOf();
  const found: PlainRecord[] = [];
  const error = assertThrows(
    () => {
      for (const each of decoding.decode(blockOf(joined([one(7), damaged, one(9)])))) {
        found.push(...plain(each));
      }
    },
    CorruptBatch,
    'Cannot read records of topic "t", partition 3, from offset 8 on: the CRC-32C of the batch',
  );
  assertEquals([error.topic, error.partition, error.offset], ["t", 3, 8]);
  assertEquals(found.map(({ offset }) => offset), [7]);
  // it can go on behind it
  assertEquals(Array.from(decoding.decode(blockOf(one(9))), plain).flat()[0].offset, 9);
});

function anyRecordOf(value: string): PlainRecord {
  return { offset: 0, timestamp: NOW, key: null, value: encoder.encode(value), headers: [] };
}

Deno.test("RecordDecoder refuses old formats, unknown ones, lengths beyond the end, and bombs", () => {
  const good = encodePlainBatch({ records: [anyRecordOf("x")] });
  const with_ = (at: number, byte: number) => good.map((old, each) => each === at ? byte : old);
  const zeros = { ...anyRecordOf(""), value: new Uint8Array(3_000_000) };
  const cases: [Uint8Array, string][] = [
    [with_(16, 1), "they are messages of format 1, as brokers before Kafka 0.11 wrote them"],
    [with_(16, 0), "they are messages of format 0"],
    [with_(16, 3), "the batch is of format 3, known is 2"],
    [with_(9, 1), "the batch claims 65605 bytes, 69 are there"],
    [with_(8, 255), "the batch claims -16777147 bytes, 69 are there"],
    [good.subarray(0, 50), "the batch claims 69 bytes, 50 are there"],
    [good.subarray(0, 5), "the batch claims no bytes, 5 are there"],
  ];
  for (const compression of COMPRESSIONS.slice(1)) {
    const bomb = encodePlainBatch({ records: [zeros], compression });
    cases.push([bomb, `the batch cannot be decompressed (${compression}): `]);
  }
  for (const [bytes, message] of cases) {
    assertThrows(
      () => decodeAll(blockOf(bytes), { maxBatchBytes: 1_000_000 }),
      CorruptBatch,
      message,
    );
  }
});

/** A batch with some bytes changed, and a checksum that fits. */
function mutated(random: Random, batch: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = batch.slice();
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.chance(0.2) ? random.pick([22, 26, 57, 58, 59, 60]) : 61;
    bytes[at === 61 ? 61 + random.below(bytes.length - 61) : at] = random.pick([
      random.below(256),
      0,
      1,
      127,
      128,
      255,
    ]);
  }
  new DataView(bytes.buffer).setUint32(17, crc32c(bytes.subarray(21)));
  return bytes;
}

Deno.test("RecordDecoder takes of 4,000 damaged batches what the reference takes, and no other", () => {
  using decoding = decoderOf({ isolation: "read_uncommitted", maxBatchBytes: 100_000 });
  let refused = 0;
  forSeeds(seeds(4_000), (random) => {
    const records = Array.from({ length: 1 + random.below(4) }, (_, at) => anyRecord(random, at));
    const compression = random.chance(0.7) ? "none" : random.pick(COMPRESSIONS);
    const bytes = mutated(random, encodePlainBatch({ records, compression }));
    const attributes = bytes[22];
    const lastOffset = new DataView(bytes.buffer).getInt32(23);
    let expected: PlainRecord[] | undefined;
    try {
      const isOdd = (attributes & 7) > 4 || lastOffset < 0;
      expected = attributes & 0x20 ? [] : isOdd ? undefined : decodePlainBatch(bytes, 100_000);
    } catch (error) {
      assert(error instanceof RangeError, `${error}`);
    }
    let found: PlainRecord[] | undefined;
    try {
      found = Array.from(decoding.decode(blockOf(bytes, { from: -(2 ** 40) })), plain).flat();
    } catch (error) {
      assert(error instanceof CorruptBatch, `${error}`);
    }
    if (found === undefined) refused++;
    assertEquals(found, expected);
  });
  assert(refused > 800 && refused < 3800, `${refused}`);
});

Deno.test("wholeBatches() leaves off the last batch wherever it is cut", () => {
  const batches = [0, 1, 2].map((n) =>
    encodePlainBatch({ records: [anyRecordOf("x")], baseOffset: 10 * n, lastOffset: 10 * n + 4 })
  );
  const all = joined(batches);
  for (let cut = 0; cut <= all.length; cut++) {
    const count = Math.floor(cut / batches[0].length);
    assertEquals(wholeBatches(all.subarray(0, cut)), {
      bytes: count * batches[0].length,
      batches: count,
      next: count === 0 ? -1 : 10 * count - 5,
      epochs: [],
    });
  }
  // what cannot be is left to the decoder, which says what is wrong
  const wrong = joined([batches[0], batches[1]]);
  wrong[batches[0].length + 8] = 255;
  assertEquals(wholeBatches(wrong), { bytes: wrong.length, batches: 2, next: 11, epochs: [] });
  // leaders changed behind the first and the third
  const led = joined([...batches, ...batches]);
  [7, 8, 8, 11, 11, 11].forEach((epoch, at) => {
    new DataView(led.buffer).setInt32(at * batches[0].length + 12, epoch);
  });
  assertEquals(wholeBatches(led).epochs, [
    { epoch: 7, from: 0 },
    { epoch: 8, from: 10 },
    { epoch: 11, from: 0 },
  ]);
  const old = joined([batches[0]]);
  old[16] = 1;
  assertEquals(wholeBatches(old), { bytes: old.length, batches: 1, next: 1, epochs: [] });
});

Deno.test("the kernel's CRC-32C is the published one, and that of the loop in TypeScript", () => {
  using reader = new KafkaReader(create(), 1);
  const at = reader.put(encoder.encode("123456789"));
  assertEquals(reader.checksum(at, at + 9), 0xe3069283);
  forSeeds(60, (random) => {
    const length = random.below(random.pick([20, 10_000, 100_000]));
    const bytes = Uint8Array.from({ length }, () => random.below(256));
    const at = reader.put(bytes);
    assertEquals(reader.checksum(at, at + length), crc32c(bytes));
  });
});

Deno.test("murmur2() gives what Kafka's own tests (UtilsTest) expect", () => {
  const expected = {
    "21": -973932308,
    foobar: -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  const found = Object.keys(expected).map((key) => [key, murmur2(encoder.encode(key))]);
  assertEquals(Object.fromEntries(found), expected);
});

Deno.test("a batch written out by hand is read as the protocol's guide has it", () => {
  const records = [
    // length 14, attributes, timestamp + 0, offset + 0, key "k", value "v1", one header "h": 2 bytes
    "1c" + "00" + "00" + "00" + "026b" + "047631" + "02" + "0268" + "040102",
    // length 6, attributes, timestamp + 5, offset + 2, no key, no value, no headers
    "0c" + "00" + "0a" + "04" + "01" + "01" + "00",
  ];
  const covered = "0000" + "00000002" + "0000018bcfe56800" + "0000018bcfe56805" +
    "ffffffffffffffff" + "ffff" + "ffffffff" + "00000002" + records.join("");
  const crc = crc32c(Uint8Array.fromHex(covered)).toString(16).padStart(8, "0");
  const length = (9 + covered.length / 2).toString(16).padStart(8, "0");
  const bytes = Uint8Array.fromHex(
    "0000000000000064" + length + "00000000" + "02" + crc + covered,
  );
  assertEquals(decodeAll(blockOf(bytes)), [
    {
      offset: 100,
      timestamp: NOW,
      key: encoder.encode("k"),
      value: encoder.encode("v1"),
      headers: [["h", Uint8Array.of(1, 2)]],
    },
    { offset: 102, timestamp: NOW + 5, key: null, value: null, headers: [] },
  ]);
});
