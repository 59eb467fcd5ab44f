import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type Column,
  type DataType,
  decodeFrame,
  encodeFrame,
  type FrameHeader,
  frameSize,
  FrameVersionError,
  RecordBatch,
  RowKind,
  types as t,
} from "@waggle/stream";
import { FRAME_HEADER_BYTES, FrameOffset } from "../src/batch/frame_header.ts";
import { create } from "../src/kernel/kernel.ts";
import { assertSame, holds, schemaAndRows } from "./support/batches.ts";

const ROWS = [
  { name: "a", n: 1, big: 5n, x: 0.5, ok: true, tags: ["p", "q"], odd: { a: [1, "x"] } },
  { name: "ü😀", n: null, big: null, x: -0, ok: null, tags: [], odd: 7 },
];

const time = fc.double({ noNaN: true });
const count = fc.maxSafeInteger().map(Math.abs);
const anyHeader: fc.Arbitrary<Required<Omit<FrameHeader, "rowKinds">>> = fc.record({
  kind: fc.constant("data" as const),
  sourcePartition: fc.nat(),
  epoch: count,
  sequence: count,
  watermark: time,
  leastTime: time,
  greatestTime: time,
  dictionaryGeneration: fc.nat(),
  crc: fc.boolean(),
}, { noNullPrototype: true });

Deno.test("decodeFrame() gives back any header and rows that encodeFrame() wrote", () => {
  holds(fc.tuple(schemaAndRows, anyHeader, fc.boolean()), ([{ schema, rows }, header, trusted]) => {
    const frame = encodeFrame(header, RecordBatch.fromRows(rows, { schema }));
    const decoded = decodeFrame(frame, { trusted });
    assertSame(decoded.header, header);
    assertSame(decoded.batch!.toRows(), rows);
    assertSame(decoded.batch!.schema, schema);
    assertEquals(decoded.byteLength, frame.length);
  });
});

Deno.test("encodeFrame() writes the same bytes for the same rows, cut from a larger batch or not", () => {
  holds(fc.tuple(schemaAndRows, fc.nat(20), fc.nat(20)), ([{ schema, rows }, a, b]) => {
    // a cut batch keeps its whole dictionary
    if (JSON.stringify(schema).includes('"dict"')) return;
    const [start, end] = [Math.min(a, b), Math.max(a, b)];
    const cut = RecordBatch.fromRows(rows, { schema }).slice(start, end);
    const apart = RecordBatch.fromRows(rows.slice(start, end), { schema });
    assertSame(encodeFrame({ kind: "data" }, cut), encodeFrame({ kind: "data" }, apart));
  });
});

Deno.test("encodeFrame() clears the bits after the last row", () => {
  const rows = Array.from({ length: 64 }, (_, n) => ({ b: n % 2 === 0 ? true : null }));
  const cut = encodeFrame({ kind: "data" }, RecordBatch.fromRows(rows).slice(0, 3));
  const apart = encodeFrame({ kind: "data" }, RecordBatch.fromRows(rows.slice(0, 3)));
  assertSame(cut, apart);
});

Deno.test("decodeFrame() of rows gives views of the frame's bytes", () => {
  const frame = encodeFrame({ kind: "data" }, RecordBatch.fromRows(ROWS));
  const { batch } = decodeFrame(frame);
  for (const column of batch!.columns) {
    if (column.values) assert(column.values.buffer === frame.buffer);
    if (column.offsets) assert(column.offsets.buffer === frame.buffer);
  }
});

Deno.test("A frame in kernel memory has columns whose offset is their kernel address", () => {
  const kernel = create();
  const batch = RecordBatch.fromRows([{ x: 1.5 }, { x: 2.5 }]);
  const address = kernel.allocate(frameSize(batch));
  const target = kernel.u8.subarray(address, address + frameSize(batch));
  const { values } = decodeFrame(encodeFrame({ kind: "data" }, batch, { target })).batch!
    .column("x");
  assertEquals(new Float64Array(kernel.u8.buffer, values!.byteOffset, 2), values);
});

Deno.test("A frame may be written to and read from shared memory", () => {
  const batch = RecordBatch.fromRows(ROWS);
  const target = new Uint8Array(new SharedArrayBuffer(frameSize(batch) + 16));
  const frame = encodeFrame({ kind: "data", crc: true }, batch, { target });
  assertEquals(frame.length, frameSize(batch));
  assertSame(decodeFrame(target).batch!.toRows(), ROWS);
});

Deno.test("Frames of every other kind carry bytes or nothing", () => {
  for (const kind of ["delta", "barrier", "watermark", "end"] as const) {
    const body = Uint8Array.of(1, 2, 3);
    const target = new Uint8Array(200).fill(7);
    const frame = encodeFrame({ kind, watermark: 5 }, body, { target });
    assertEquals(frame.length % 8, 0);
    assertEquals(decodeFrame(frame).body, body);
    assertEquals(decodeFrame(encodeFrame({ kind, watermark: 5 })), {
      header: { ...decodeFrame(frame).header },
      byteLength: FRAME_HEADER_BYTES,
    });
  }
});

Deno.test("encodeFrame() refuses rows in a kind that carries none, and none in the kind of rows", () => {
  const batch = RecordBatch.fromRows(ROWS);
  assertThrows(() => encodeFrame({ kind: "delta" }, batch), TypeError, "not a batch");
  assertThrows(() => encodeFrame({ kind: "data" }), TypeError, "carries a batch");
  const rowKinds = new Uint8Array(2);
  assertThrows(() => encodeFrame({ kind: "end", rowKinds }), TypeError, "without rows");
});

Deno.test("A frame keeps what its rows do to earlier results", () => {
  const rowKinds = Uint8Array.of(RowKind.updateBefore, RowKind.updateAfter);
  const frame = encodeFrame({ kind: "data", rowKinds }, RecordBatch.fromRows(ROWS));
  assertEquals(decodeFrame(frame).header.rowKinds, rowKinds);
  assertEquals(frame.length, frameSize(RecordBatch.fromRows(ROWS), { rowKinds }));
  const wrong = { kind: "data", rowKinds: new Uint8Array(3) } as const;
  assertThrows(
    () => encodeFrame(wrong, RecordBatch.fromRows(ROWS)),
    RangeError,
    "3 rowKinds for 2 rows",
  );
  const unknown = encodeFrame(
    { kind: "data", rowKinds: Uint8Array.of(0, 9) },
    RecordBatch.fromRows(ROWS),
  );
  assertThrows(() => decodeFrame(unknown), RangeError, "row kind");
});

Deno.test("encodeFrame() into a target that is too small names the size", () => {
  const batch = RecordBatch.fromRows(ROWS);
  assertThrows(
    () => encodeFrame({ kind: "data" }, batch, { target: new Uint8Array(100) }),
    RangeError,
    `takes ${frameSize(batch)} bytes, the target has 100`,
  );
});

Deno.test("encodeFrame() refuses header fields out of range", () => {
  const bad: [Partial<FrameHeader>, string][] = [
    [{ epoch: -1 }, "epoch must be a whole number from 0 to 9007199254740991, received -1"],
    [{ sequence: 1.5 }, "sequence must be"],
    [{ sourcePartition: 2 ** 32 }, "sourcePartition must be"],
    [{ dictionaryGeneration: NaN }, "dictionaryGeneration must be"],
    [{ watermark: NaN }, "watermark must be milliseconds, received NaN"],
    [{ kind: "other" as "end" }, "unknown kind other"],
  ];
  for (const [header, message] of bad) {
    assertThrows(() => encodeFrame({ kind: "end", ...header }), RangeError, message);
  }
});

Deno.test("decodeFrame() of another version is an error of its own", () => {
  const frame = encodeFrame({ kind: "end" });
  frame[FrameOffset.version] = 9;
  const error = assertThrows(() => decodeFrame(frame), FrameVersionError, "version is 9");
  assertEquals(error.version, 9);
});

Deno.test("decodeFrame() of bytes that do not start at a multiple of 8 says so", () => {
  const frame = encodeFrame({ kind: "end" });
  const shifted = new Uint8Array(frame.length + 4);
  shifted.set(frame, 4);
  assertThrows(() => decodeFrame(shifted.subarray(4)), RangeError, "multiple of 8");
});

Deno.test("decodeFrame() takes frames one after the other from one buffer", () => {
  const batch = RecordBatch.fromRows(ROWS);
  const bytes = new Uint8Array(frameSize(batch) + FRAME_HEADER_BYTES);
  encodeFrame({ kind: "data" }, batch, { target: bytes });
  encodeFrame({ kind: "end" }, undefined, { target: bytes.subarray(frameSize(batch)) });
  const { byteLength } = decodeFrame(bytes);
  assertEquals(decodeFrame(bytes.subarray(byteLength)).header.kind, "end");
});

/** A random change to a frame: one byte, one 32-bit number, or its end cut off. */
const anyDamage = fc.record({
  at: fc.nat(),
  what: fc.oneof(
    fc.record({ byte: fc.nat(255) }),
    fc.record({ word: fc.oneof(fc.nat(100), fc.nat(0xffff_ffff), fc.constant(0x7fff_ffff)) }),
    fc.record({ cut: fc.boolean() }),
  ),
});
type Damage = typeof anyDamage extends fc.Arbitrary<infer T> ? T : never;

function damage(frame: Uint8Array, { at, what }: Damage): Uint8Array {
  if ("cut" in what) return frame.subarray(0, at % frame.length);
  if ("byte" in what) frame[at % frame.length] = what.byte;
  else new DataView(frame.buffer).setUint32((at % (frame.length / 4)) * 4, what.word, true);
  return frame;
}

Deno.test("decodeFrame() of a damaged frame gives a RangeError or rows that can be read", () => {
  const damages = fc.array(anyDamage, { minLength: 1, maxLength: 3 });
  holds(fc.tuple(schemaAndRows, damages), ([{ schema, rows }, damages]) => {
    const whole = encodeFrame({ kind: "data" }, RecordBatch.fromRows(rows, { schema }));
    const bytes = damages.reduce(damage, whole);
    let batch: RecordBatch | undefined;
    try {
      batch = decodeFrame(bytes).batch;
    } catch (error) {
      assert(error instanceof RangeError, String((error as Error).stack));
      return;
    }
    const copy = batch!.toRows();
    encodeFrame({ kind: "data" }, batch);
    assertSame(RecordBatch.fromRows(copy, { schema: batch!.schema }).toRows(), copy);
  });
});

Deno.test("decodeFrame() refuses nulls within structs where their type says that there are none", () => {
  const rows = [{ x: 1 }, null, { x: null }];
  // What a value with an x in it lies in: nothing, a struct, a list, a map.
  const within = [
    { typeOf: (item: DataType) => item, of: (value: unknown) => value },
    {
      typeOf: (item: DataType): DataType => ({
        kind: "struct",
        fields: [{ name: "y", type: item }],
      }),
      of: (value: unknown) => ({ y: value }),
    },
    {
      typeOf: (item: DataType): DataType => ({ kind: "list", item }),
      of: (value: unknown) => [value],
    },
    {
      typeOf: (value: DataType): DataType => ({ kind: "map", value }),
      of: (value: unknown) => ({ k: value }),
    },
  ];
  for (const { typeOf, of } of within) {
    const batchOf = (nullable: boolean, values: unknown[]) => {
      const x = { name: "x", type: { kind: "i32" }, nullable } as const;
      const schema = { fields: [{ name: "s", type: typeOf({ kind: "struct", fields: [x] }) }] };
      return RecordBatch.fromRows(values.map((value) => ({ s: of(value) })), { schema });
    };
    const good = batchOf(false, rows.slice(0, 2));
    assertEquals(decodeFrame(encodeFrame({ kind: "data" }, good)).batch!.length, 2);
    const column = retyped(batchOf(true, rows).columnAt(0), good.columnAt(0));
    const frame = encodeFrame({ kind: "data" }, new RecordBatch(good.schema, [column], 3));
    assertThrows(() => decodeFrame(frame), RangeError, "never null");
  }
});

/** A column with the types of another one. */
function retyped(column: Column, { type, children = [] }: Column): Column {
  if (!column.children) return { ...column, type };
  return {
    ...column,
    type,
    children: column.children.map((each, at) => retyped(each, children[at])),
  };
}

Deno.test("decodeFrame() of a frame with a CRC notices any change", () => {
  holds(fc.tuple(schemaAndRows, fc.nat(), fc.integer({ min: 1, max: 255 })), (damaged) => {
    const [{ schema, rows }, at, flip] = damaged;
    const header = { kind: "data", crc: true } as const;
    const frame = encodeFrame(header, RecordBatch.fromRows(rows, { schema }));
    frame[at % frame.length] ^= flip;
    // a flag byte that no longer says "CRC" is another frame
    if (at % frame.length === FrameOffset.flags && (flip & 1) === 1) return;
    assertThrows(() => decodeFrame(frame), RangeError);
  });
});

Deno.test("decodeFrame() of a huge claimed length asks for no memory", () => {
  const frame = encodeFrame({ kind: "data" }, RecordBatch.fromRows([{ x: 1, s: "a" }]));
  const view = new DataView(frame.buffer);
  view.setUint32(FrameOffset.rows, 0xffff_fff0, true);
  assertThrows(() => decodeFrame(frame), RangeError, "its number of rows");
  view.setUint32(FrameOffset.totalBytes, 0xffff_fff8, true);
  assertThrows(() => decodeFrame(frame), RangeError, "4294967288 bytes long");
});

Deno.test("decodeFrame() verifies what is inside columns unless the frame is trusted", () => {
  const batch = RecordBatch.fromRows([{ s: "é" }, { s: "b" }], {
    schema: { fields: [{ name: "s", type: t.utf8 }] },
  });
  const frame = encodeFrame({ kind: "data" }, batch);
  const { values, offsets } = decodeFrame(frame).batch!.column("s");
  (offsets as Int32Array)[1] = 1;
  assertThrows(() => decodeFrame(frame), RangeError, "within a character");
  (offsets as Int32Array)[1] = 2;
  (values as Uint8Array)[0] = 0xff;
  assertThrows(() => decodeFrame(frame), RangeError, "not UTF-8");
  assertEquals(decodeFrame(frame, { trusted: true }).batch!.length, 2);
});

Deno.test("A frame holds rows that take no bytes only up to a limit", () => {
  const none = (rows: number) => new RecordBatch({ fields: [] }, [], rows);
  const frame = encodeFrame({ kind: "data" }, none(65_536));
  assertEquals(decodeFrame(frame).batch!.length, 65_536);
  new DataView(frame.buffer).setUint32(FrameOffset.rows, 65_537, true);
  assertThrows(() => decodeFrame(frame), RangeError, "too many rows without bytes");
  assertThrows(() => frameSize(none(65_537)), RangeError, "65537 rows or items without any field");
});

Deno.test("decodeFrame() notices a wrong number for any column, and an index past a dictionary", () => {
  const rows = [{ a: null, d: "x" }, { a: 1, d: "y" }, { a: 2, d: "x" }];
  const schema = { fields: [{ name: "a", type: t.f64 }, { name: "d", type: t.dict }] };
  const whole = encodeFrame({ kind: "data" }, RecordBatch.fromRows(rows, { schema }));
  const view = new DataView(whole.buffer);
  const { values } = decodeFrame(whole).batch!.column("d");
  const schemaBytes = view.getUint32(FrameOffset.schemaBytes, true);
  const table = FRAME_HEADER_BYTES + Math.ceil(schemaBytes / 8) * 8;
  for (const column of [0, 1, 2]) {
    for (const number of [0, 4, 8]) {
      for (const change of [-1, 1, 8, 2 ** 30]) {
        const at = table + column * 16 + number;
        const before = view.getUint32(at, true);
        view.setUint32(at, before + change, true);
        assertThrows(() => decodeFrame(whole), RangeError, "Cannot decode frame");
        view.setUint32(at, before, true);
      }
    }
  }
  (values as Int32Array)[1] = 2;
  assertThrows(() => decodeFrame(whole), RangeError, "an index runs past its dictionary");
  (values as Int32Array)[1] = -1;
  assertThrows(() => decodeFrame(whole), RangeError, "an index runs past its dictionary");
});

Deno.test("decodeFrame() of a part of a frame says how much is missing", () => {
  const frame = encodeFrame({ kind: "delta" }, new Uint8Array(20));
  for (let length = 0; length < frame.length; length++) {
    assertThrows(() => decodeFrame(frame.subarray(0, length)), RangeError, `${length}`);
  }
});
