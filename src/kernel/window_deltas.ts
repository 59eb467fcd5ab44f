import {
  checkHeader,
  checkSeal,
  DELTA_WINDOW_BYTES,
  deltaHeaderBytes,
  type DeltaWindow,
  deltaWindows,
  type ExpectedDelta,
  seal,
  writeHeader,
  writeWindow,
} from "./delta.ts";
import { MemoryBlock } from "./memory_block.ts";
import { memoryError, placeOwners, type TableContext } from "./window_context.ts";
import { fingerprintOf, layoutCount } from "./window_layout.ts";
import type { Ownership } from "./window_types.ts";

const KEY_GROUPS = 256;
const OUT_OF_MEMORY = -1;
const BAD_RECORD = -3;

/** Whose records are written: `ownerOf` is the address of the owners, 0 for all records. */
interface Wanted {
  readonly ownerOf: number;
  readonly owner: number;
}

/** How many rows have gone into a slice. */
export interface SliceRows {
  readonly start: number;
  readonly skipped: number;
  readonly rows: number;
}

type PlacedWindow = DeltaWindow & { readonly at: number };

/** Writes the partial results of a window table, and merges those of others into it. */
export class WindowDeltas {
  readonly #context: TableContext;
  readonly #expected: ExpectedDelta;

  constructor(context: TableContext) {
    this.#context = context;
    const stateBytes = context.layout.bytes;
    const kinds = context.shape.kinds.length;
    this.#expected = { fingerprint: fingerprintOf(context.plan), stateBytes, kinds };
  }

  /** One delta an owner. */
  write(ownership: Ownership): Uint8Array[] {
    placeOwners(this.#context, ownership);
    const ownerOf = this.#context.buffer;
    const { owners } = ownership;
    return Array.from({ length: owners }, (_, owner) => this.#write({ ownerOf, owner }));
  }

  /** Everything as one delta, with a checksum, of a table that has closed windows so far. */
  writeAll(closed?: readonly number[]): Uint8Array {
    return seal(this.#write({ ownerOf: 0, owner: 0 }, closed));
  }

  #write(wanted: Wanted, closed: readonly number[] = []): Uint8Array {
    const { kernel: { exports }, table } = this.#context;
    const windows = Array.from({ length: exports.tableCount(table) }, (_, index) => {
      const bytes = exports.measureWindow(table, index, wanted.ownerOf, wanted.owner);
      const start = exports.tableStart(table, index);
      const skipped = exports.tableSkipped(table, index);
      return { index, start, skipped, bytes, records: exports.measuredRecords() };
    }).filter(({ records }) => records > 0);
    if (windows.length === 0) return new Uint8Array();
    const delta = writeHeader(windows, { ...this.#expected, closed });
    let at = deltaHeaderBytes(this.#expected.kinds);
    for (const window of windows) {
      writeWindow(delta, at, window);
      exports.beginWrite(table, window.index);
      at = this.#writeRecords(delta, at + DELTA_WINDOW_BYTES, wanted);
    }
    return delta;
  }

  #writeRecords(delta: Uint8Array, at: number, { ownerOf, owner }: Wanted): number {
    const { kernel, table, buffer, bufferBytes } = this.#context;
    const to = buffer + KEY_GROUPS;
    while (true) {
      const room = bufferBytes - KEY_GROUPS;
      const bytes = kernel.exports.writeRecords(table, ownerOf, owner, to, room);
      if (bytes === 0) return at;
      delta.set(kernel.u8.subarray(to, to + bytes), at);
      at += bytes;
    }
  }

  /** Merges a delta; all of its keys are found before the first of its states is merged. */
  fold(delta: Uint8Array): { records: number; rows: SliceRows[] } {
    const records = checkHeader(delta, this.#expected);
    const { kernel, table } = this.#context;
    using block = new MemoryBlock(kernel, 0);
    using addresses = new MemoryBlock(kernel, 0);
    const from = block.reserve(delta.length);
    const states = addresses.reserve(records * 4);
    kernel.u8.set(delta, from);
    const windows = deltaWindows(delta, this.#expected.kinds);
    let found = 0;
    for (const { start, skipped, at, bytes, records: own } of windows) {
      const out = states + found * 4;
      const taken = kernel.exports
        .findRecords(table, start, skipped, from + at, bytes, out, own);
      if (taken !== bytes || kernel.exports.recordsFound() !== own) this.#fail(taken);
      found += own;
    }
    let merged = 0;
    const rows = windows.map(({ at, records: own, start, skipped }) => {
      const rows = this.#merge(from + at, states + merged * 4, own);
      merged += own;
      return { start, skipped, rows };
    });
    return { records, rows };
  }

  #fail(taken: number): never {
    if (taken === OUT_OF_MEMORY) throw memoryError(this.#context, "fold a delta into");
    throw new TypeError(
      `Cannot fold delta: ` +
        (taken === BAD_RECORD
          ? "a record's key does not have the table's type"
          : "its records have another size than it states"),
    );
  }

  #merge(from: number, states: number, records: number): number {
    const { kernel, table, layouts, layout } = this.#context;
    return kernel.exports
      .mergeRecords(table, layouts, layoutCount(layout), from, states, records);
  }

  /** Throws unless the bytes are, unchanged, a snapshot of a table with the same plan. */
  check(snapshot: Uint8Array): void {
    checkHeader(snapshot, this.#expected);
    checkSeal(snapshot);
  }

  /** Merges a snapshot buffer by buffer, so that it never lies in kernel memory twice. */
  read(snapshot: Uint8Array): SliceRows[] {
    const { kernel, bufferBytes, layout } = this.#context;
    const most = Math.ceil(bufferBytes / layout.bytes);
    using states = new MemoryBlock(kernel, 0);
    const addresses = states.reserve(most * 4);
    return deltaWindows(snapshot, this.#expected.kinds).map((window) => {
      const { start, skipped } = window;
      return { start, skipped, rows: this.#readWindow(snapshot, window, { addresses, most }) };
    });
  }

  #readWindow(
    snapshot: Uint8Array,
    window: PlacedWindow,
    { addresses, most }: { addresses: number; most: number },
  ): number {
    const { kernel, table, buffer, bufferBytes } = this.#context;
    const end = window.at + window.bytes;
    let [rows, left] = [0, window.records];
    for (let at = window.at; at < end;) {
      const bytes = Math.min(end - at, bufferBytes);
      kernel.u8.set(snapshot.subarray(at, at + bytes), buffer);
      const taken = kernel.exports
        .findRecords(table, window.start, window.skipped, buffer, bytes, addresses, most);
      const found = taken > 0 ? kernel.exports.recordsFound() : 0;
      if (found === 0 || found > left) this.#fail(taken);
      rows += this.#merge(buffer, addresses, found);
      at += taken;
      left -= found;
    }
    return rows;
  }
}
