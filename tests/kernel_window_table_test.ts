import { assert, assertEquals, assertThrows } from "@std/assert";
import { create, KernelMemoryError } from "../src/kernel/kernel.ts";
import { KernelWindowTable } from "../src/kernel/window_table.ts";
import type { KernelColumn, WindowPlan, WindowRows } from "../src/kernel/window_types.ts";
import { columnOf, type Plain } from "../src/windows/plain_columns.ts";
import { ReferenceWindowTable } from "../src/windows/reference_window_table.ts";
import { closeAll, resultsOf } from "./support/window_cases.ts";

const AT = { watermarkBefore: -Infinity, bound: 0, partition: 0, position: 0 };
const ONE_OWNER = { ownerOf: new Uint8Array(256), owners: 1 };

function planOf(changes: Partial<WindowPlan> = {}): WindowPlan {
  return {
    size: 1000,
    offset: 0,
    allowedLateness: 0,
    keys: [{ kind: "utf8" }],
    values: [{ type: { kind: "i64" }, nullable: true }],
    aggregates: [{ op: "count", value: -1 }, { op: "sum", value: 0 }],
    ...changes,
  };
}

function rowsOf(keys: readonly Plain[], time = 5, value = 1n): WindowRows {
  return {
    length: keys.length,
    times: columnOf({ kind: "timestamp" }, keys.map(() => BigInt(time))),
    keys: [columnOf({ kind: "utf8" }, keys)],
    values: [columnOf({ kind: "i64" }, keys.map(() => value))],
  };
}

function manyKeys(length: number, prefix = "key"): string[] {
  return Array.from({ length }, (_, key) => `${prefix} ${key}`);
}

Deno.test("KernelWindowTable.add() beyond the budget tells budget, windows and keys, and adds nothing", () => {
  const kernel = create({ budgetBytes: 1 << 20 });
  using table = new KernelWindowTable(kernel, planOf());
  table.add(rowsOf(manyKeys(500)), AT);
  const before = table.snapshot();
  for (const large of [20_000, 60_000]) {
    const error = assertThrows(
      () => table.add(rowsOf(manyKeys(large, "other")), AT),
      KernelMemoryError,
      "1048576",
    );
    assert(/1 window open with \d+ keys/.test(error.message), error.message);
    assertEquals(table.snapshot(), before);
  }
  assertEquals(table.stats().rows, 500);
  assertEquals(table.add(rowsOf(manyKeys(500)), AT).absorbed, 500);
  assertEquals(table.close(Infinity)?.length, 500);
  table.add(rowsOf(manyKeys(5000), 5000), AT);
  assertEquals(table.close(Infinity)?.length, 5000);
});

Deno.test("KernelWindowTable.fold() beyond the budget merges nothing", () => {
  using large = new KernelWindowTable(create(), planOf());
  large.add(rowsOf(manyKeys(20_000)), AT);
  using table = new KernelWindowTable(create({ budgetBytes: 1 << 20 }), planOf());
  table.add(rowsOf(manyKeys(10)), AT);
  const before = table.snapshot();
  assertThrows(() => table.fold(large.snapshot()), KernelMemoryError, "budget of 1048576");
  assertEquals(table.snapshot(), before);
});

Deno.test("an open window with a count and a sum takes at most 64 bytes a key, index and key included", () => {
  const kernel = create();
  for (const kind of ["i64", "f64"] as const) {
    const values = [{ type: { kind }, nullable: false }];
    for (const keys of [1000, 1300, 1601, 3201, 6401, 10_000, 12_801, 51_201, 100_000, 102_401]) {
      using table = new KernelWindowTable(kernel, planOf({ values }));
      const numbers = Array.from({ length: keys }, (_, key) => kind === "i64" ? BigInt(key) : key);
      table.add({ ...rowsOf(manyKeys(keys)), values: [columnOf({ kind }, numbers)] }, AT);
      const { bytes, groups } = table.stats();
      assertEquals(groups, keys);
      assert(bytes <= 64 * keys, `${keys} keys of ${kind}: ${bytes / keys} bytes a key`);
    }
  }
});

Deno.test("KernelWindowTable gives all memory of closed windows and of itself back", () => {
  const kernel = create();
  const before = kernel.usedBytes;
  const table = new KernelWindowTable(kernel, planOf());
  const empty = kernel.usedBytes;
  for (let window = 0; window < 50; window++) {
    table.add(rowsOf(manyKeys(100 + 37 * window, `a key of window ${window}`), window * 1000), AT);
  }
  assertEquals(table.stats().windows, 50);
  table.close(Infinity);
  assertEquals(table.stats(), { windows: 0, groups: 0, rows: 50 * 100 + 37 * 25 * 49, bytes: 0 });
  assert(kernel.usedBytes - empty < 2 << 20);
  table[Symbol.dispose]();
  assertEquals(kernel.usedBytes, before);
});

Deno.test("the kernel's memory does not grow with closed windows of ever other keys", () => {
  const kernel = create();
  using table = new KernelWindowTable(kernel, planOf());
  const closeOne = (window: number) => {
    table.add(rowsOf(manyKeys(40 + window % 17, `window ${window}`), window * 1000), AT);
    table.close((window + 1) * 1000);
  };
  for (let window = 0; window < 100; window++) closeOne(window);
  const { memoryBytes, usedBytes } = kernel;
  for (let window = 100; window < 10_000; window++) closeOne(window);
  assertEquals(kernel.memoryBytes, memoryBytes);
  assert(kernel.usedBytes <= usedBytes * 1.05);
});

Deno.test("the kernel's memory does not grow with overlapping windows of ever other keys", () => {
  for (const extent of [{ slide: 100 }, { slide: 300 }, { slide: 1500 }, { step: 250 }]) {
    const kernel = create();
    const before = kernel.usedBytes;
    const table = new KernelWindowTable(kernel, { ...planOf(), ...extent });
    const mostUsed = (from: number, to: number) => {
      let most = 0;
      for (let at = from; at < to; at++) {
        table.add(rowsOf(manyKeys(40 + at % 17, `a key of time ${at}`), at * 100), AT);
        while (table.nextClose() <= at * 100) table.close(at * 100);
        most = Math.max(most, kernel.usedBytes);
      }
      return most;
    };
    const most = mostUsed(0, 1000);
    const { memoryBytes } = kernel;
    assert(mostUsed(1000, 10_000) <= most * 1.05);
    assertEquals(kernel.memoryBytes, memoryBytes);
    table[Symbol.dispose]();
    assertEquals(kernel.usedBytes, before);
  }
});

Deno.test("a budget that overlapping windows pass when they close is an error, mended by restore()", () => {
  const plan = { ...planOf(), slide: 10 };
  using table = new KernelWindowTable(create({ budgetBytes: 2 << 20 }), plan);
  for (let at = 0; at < 1000; at += 10) table.add(rowsOf(manyKeys(60, `at ${at} `), at), AT);
  const snapshot = table.snapshot();
  assertThrows(() => table.close(Infinity), KernelMemoryError, "Cannot close windows");
  assertThrows(() => table.close(Infinity), KernelMemoryError, "restore a whole snapshot");
  table.restore(snapshot);
  assertEquals(table.snapshot().length, snapshot.length);
});

Deno.test("overlapping windows of many groups close in several goes, none twice", () => {
  using table = new KernelWindowTable(create(), { ...planOf(), slide: 5 });
  const groups = 500;
  table.add(rowsOf(manyKeys(groups)), AT);
  const starts: number[] = [];
  let goes = 0;
  for (; table.nextClose() < Infinity; goes++) {
    const results = resultsOf(table.close(Infinity));
    for (let row = 0; row < results.length; row += groups) starts.push(results[row].start);
    assert(results.length < 65_536 + groups);
  }
  assertEquals(starts, Array.from({ length: 200 }, (_, at) => 5 * at - 990));
  assertEquals(goes, 2);
});

Deno.test("very many windows of one key close within a small budget", () => {
  const plan = { ...planOf(), size: 50_000, slide: 1 };
  using table = new KernelWindowTable(create({ budgetBytes: 4 << 20 }), plan);
  table.add(rowsOf(["one"], 100_000), AT);
  let [windows, last] = [0, 50_000];
  while (table.nextClose() < Infinity) {
    for (const { start } of resultsOf(table.close(Infinity))) {
      assertEquals(start, ++last);
      windows++;
    }
  }
  assertEquals(windows, 50_000);
});

Deno.test("a NaN that leaves a sliding window leaves the result", () => {
  const plan: WindowPlan = {
    ...{ size: 3, offset: 0, slide: 1, allowedLateness: 0, keys: [] },
    values: [{ type: { kind: "f64" }, nullable: false }],
    aggregates: (["sum", "max", "variance"] as const).map((op) => ({ op, value: 0 })),
  };
  for (const table of [new KernelWindowTable(create(), plan), new ReferenceWindowTable(plan)]) {
    const times = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n];
    const values = [1, NaN, 2, 4, Infinity, 1, 3, 5];
    const columns = {
      times: columnOf({ kind: "timestamp" }, times),
      keys: [],
      values: [columnOf({ kind: "f64" }, values)],
    };
    table.add({ length: times.length, ...columns }, AT);
    const results = resultsOf(table.close(8));
    assertEquals(results.map(({ values }) => values[0]), [
      ...[1, NaN, NaN, NaN, Infinity, Infinity, Infinity, 9],
    ]);
    assertEquals(results.at(-1)!.values, [9, 5, 4]);
    table[Symbol.dispose]();
  }
});

Deno.test("KernelWindowTable.takeDeltas() over many epochs keeps memory bounded", () => {
  const kernel = create();
  using table = new KernelWindowTable(kernel, planOf());
  let memoryBytes = 0;
  for (let epoch = 0; epoch < 2000; epoch++) {
    table.add(rowsOf(manyKeys(30 + epoch % 50, `epoch ${epoch}`), epoch * 10), AT);
    const [delta] = table.takeDeltas(ONE_OWNER);
    assert(delta.length > 0);
    if (epoch === 100) memoryBytes = kernel.memoryBytes;
  }
  assertEquals(kernel.memoryBytes, memoryBytes);
});

Deno.test("an integer sum beyond 64 bits is an error with the sum, and nothing is lost by it", () => {
  for (
    const table of [new KernelWindowTable(create(), planOf()), new ReferenceWindowTable(planOf())]
  ) {
    table.add(rowsOf(["a", "a", "b"], 5, 2n ** 62n), AT);
    assertThrows(() => table.close(Infinity), RangeError, "9223372036854775808");
    table.add(rowsOf(["a"], 5, -1n), AT);
    assertEquals(resultsOf(table.close(Infinity)).map(({ values }) => values), [
      [3n, 2n ** 63n - 1n],
      [1n, 2n ** 62n],
    ]);
    table[Symbol.dispose]();
  }
});

Deno.test("a key of more than 64 KiB is an error, one of 64 KiB is not, and nothing is added by it", () => {
  const longest = "x".repeat(65_536);
  for (
    const table of [new KernelWindowTable(create(), planOf()), new ReferenceWindowTable(planOf())]
  ) {
    table.add(rowsOf(["a", longest]), AT);
    assertThrows(() => table.add(rowsOf(["a", `${longest}x`]), AT), RangeError, "65536 bytes");
    const [delta] = table.takeDeltas(ONE_OWNER);
    table.fold(delta);
    const results = resultsOf(table.close(Infinity));
    assertEquals(results.map(({ keys, values }) => [keys[0], values[0]]), [["a", 1n], [
      longest,
      1n,
    ]]);
    table[Symbol.dispose]();
  }
});

Deno.test("a dictionary index beyond its dictionary is an error, and nothing is added by it", () => {
  using table = new KernelWindowTable(create(), planOf({ keys: [{ kind: "dict" }] }));
  const good = columnOf({ kind: "dict" }, ["a", "b", "a"]);
  for (const index of [2, -1, 1 << 20]) {
    for (const validity of [undefined, Uint8Array.of(7)]) {
      const values = Int32Array.of(0, 1, index);
      const broken: KernelColumn = { ...good, values, ...(validity && { validity }) };
      const rows = { ...rowsOf(["", "", ""]), keys: [broken] };
      assertThrows(() => table.add(rows, AT), RangeError, "dictionary index");
    }
  }
  assertEquals(table.snapshot().length, 0);
});

Deno.test("each batch's dictionary counts for that batch alone", () => {
  using table = new KernelWindowTable(create(), planOf({ keys: [{ kind: "dict" }] }));
  const column = (texts: string[]) => columnOf({ kind: "dict" }, texts);
  const same = column(["x", "y"]);
  for (const keys of [column(["a", "b"]), column(["b", "a", "c"]), same, same, column(["c"])]) {
    table.add({ ...rowsOf(Array.from({ length: keys.length }, () => "")), keys: [keys] }, AT);
  }
  assertEquals(
    resultsOf(table.close(Infinity)).map(({ keys, values }) => [keys[0], values[0]]),
    [["a", 2n], ["b", 2n], ["c", 2n], ["x", 2n], ["y", 2n]],
  );
});

Deno.test("a dictionary is known again by its entries, also where its memory was written over", () => {
  const kernel = create();
  using table = new KernelWindowTable(kernel, planOf({ keys: [{ kind: "dict" }] }));
  const place = <T extends Uint8Array | Int32Array>(from: T): T => {
    const at = kernel.allocate(from.byteLength);
    kernel.u8.set(new Uint8Array(from.buffer, from.byteOffset, from.byteLength), at);
    const View = from.constructor as new (memory: ArrayBuffer, at: number, length: number) => T;
    return new View(kernel.u8.buffer, at, from.length);
  };
  const add = (keys: KernelColumn) =>
    table.add({ ...rowsOf(Array.from({ length: keys.length }, () => "")), keys: [keys] }, AT);
  const texts = ["one", "two", "three"];
  for (let copy = 0; copy < 3; copy++) add(columnOf({ kind: "dict" }, texts));
  add(columnOf({ kind: "dict" }, ["one", "two", "seven"]));
  const [dictionary] = columnOf({ kind: "dict" }, texts).children!;
  const offsets = place(dictionary.offsets!);
  const values = place(dictionary.values as Uint8Array);
  const placed = () => {
    const indices = Int32Array.of(0, 1, 2);
    const children = [{ ...dictionary, offsets, values }];
    return { type: { kind: "dict" }, length: 3, nullCount: 0, values: indices, children };
  };
  add(placed());
  values.set(new TextEncoder().encode("owntowthere"));
  add(placed());
  const counts = resultsOf(table.close(Infinity)).map(({ keys, values }) => [keys[0], values[0]]);
  assertEquals(
    Object.fromEntries(counts),
    { one: 5n, two: 5n, three: 4n, seven: 1n, own: 1n, tow: 1n, there: 1n },
  );
});

Deno.test("few keys of fixed width are counted right, those that empty places could hold among them", () => {
  const kernel = create();
  for (const distinct of [2, 3, 900, 1500]) {
    using table = new KernelWindowTable(kernel, planOf({ keys: [{ kind: "i64" }] }));
    using twin = new ReferenceWindowTable(planOf({ keys: [{ kind: "i64" }] }));
    for (const start of [5, 1005, 5, 2005]) {
      const keys = Array.from({ length: 6000 }, (_, row) => BigInt(row * 7 % distinct) - 1n);
      const rows = {
        ...rowsOf(keys.map(() => ""), start),
        keys: [columnOf({ kind: "i64" }, keys)],
      };
      table.add(rows, { ...AT, bound: Infinity });
      twin.add(rows, { ...AT, bound: Infinity });
    }
    assertEquals(resultsOf(table.close(Infinity)), resultsOf(twin.close(Infinity)));
  }
});

Deno.test("columns that lie in the kernel's memory are used where they are", () => {
  const kernel = create();
  using table = new KernelWindowTable(kernel, planOf({ keys: [{ kind: "i32" }] }));
  const keys = Int32Array.from({ length: 20_000 }, (_, row) => row % 5000);
  const at = kernel.allocate(keys.byteLength);
  const inKernel = new Int32Array(kernel.u8.buffer, at, keys.length);
  inKernel.set(keys);
  const column = { type: { kind: "i32" }, length: keys.length, nullCount: 0, values: inKernel };
  const rows = { ...rowsOf(Array.from(keys, () => "")), keys: [column] };
  assertEquals(table.add(rows, AT).distinct, 5000);
  const results = resultsOf(table.close(Infinity));
  assert(results.every(({ keys, values }, row) => keys[0] === row && values[0] === 4n));
  kernel.release(at);
});

Deno.test("fold() and restore() refuse what is no whole delta of the same plan", () => {
  const other = { ...planOf(), size: 2000 };
  for (
    const make of [
      (plan: WindowPlan) => new KernelWindowTable(create(), plan),
      (plan: WindowPlan) => new ReferenceWindowTable(plan),
    ]
  ) {
    using table = make(planOf());
    table.add(rowsOf(["a", "b", "a longer key than sixteen bytes"]), AT);
    const delta = table.snapshot();
    using another = make(other);
    for (const use of ["fold", "restore"] as const) {
      assertThrows(() => another[use](delta), TypeError, "another plan");
      assertThrows(() => table[use](delta.subarray(0, 10)), TypeError, "shorter than its header");
      assertThrows(() => table[use](delta.subarray(0, delta.length - 8)), TypeError, "length");
      const changed = delta.slice();
      changed[0]++;
      assertThrows(() => table[use](changed), TypeError, "does not start as one");
    }
    assertEquals(table.snapshot(), delta);
    const keyTooLong = delta.slice();
    keyTooLong[40 + 24 + 8] = 0xff;
    assertThrows(() => table.fold(keyTooLong), TypeError, "another size");
    assertEquals(table.snapshot(), delta);
  }
});

Deno.test("overlapping windows of a damaged delta close, with an error or without", () => {
  const kernel = create({ budgetBytes: 64 << 20 });
  const plan = { ...planOf(), slide: 250 };
  using good = new KernelWindowTable(kernel, plan);
  good.add(rowsOf(["a", "b"], 5), AT);
  good.add(rowsOf(["a", "b"], 5), { ...AT, watermarkBefore: 500 });
  good.add(rowsOf(["a", "b"], 260), AT);
  const delta = good.snapshot();
  let closed = 0;
  for (let at = 0; at < delta.length; at++) {
    using table = new KernelWindowTable(kernel, plan);
    const damaged = delta.slice();
    damaged[at] ^= 0x41;
    try {
      table.fold(damaged);
      closed += closeAll(table, Infinity).length;
    } catch (error) {
      assert(error instanceof Error);
    }
  }
  assert(closed > 0);
});

Deno.test("a damaged delta is refused or folded, and never ends the kernel", () => {
  using table = new KernelWindowTable(create({ budgetBytes: 32 << 20 }), planOf());
  table.add(rowsOf(manyKeys(20)), AT);
  const delta = table.snapshot();
  for (let at = 0; at < delta.length; at++) {
    const damaged = delta.slice();
    damaged[at] ^= 0x81;
    try {
      table.fold(damaged);
    } catch (error) {
      assert(
        error instanceof TypeError || error instanceof KernelMemoryError,
        `byte ${at}: ${error}`,
      );
    }
  }
  table.restore(delta);
  assertEquals(table.snapshot(), delta);
});

Deno.test("a table refuses owners that are not one for each of 256 key groups", () => {
  using table = new KernelWindowTable(create(), planOf());
  for (
    const [ownerOf, owners] of [[new Uint8Array(255), 1], [new Uint8Array(256).fill(2), 2]] as const
  ) {
    assertThrows(() => table.takeDeltas({ ownerOf, owners }), RangeError, "256 key groups");
  }
});
