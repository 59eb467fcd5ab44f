import type { WindowAssigner } from "../../src/windows/window_assigner.ts";
import type { WindowBounds } from "../../src/windows/window_offset.ts";
import { windowsAt } from "./window_oracle.ts";

/** A record of a case. */
export interface ProcessorRecord {
  readonly at: number;
  readonly key?: string | number | boolean | bigint | null;
  readonly value: number;
}

/** What one call is to give. */
export interface ExpectedResult {
  readonly key: unknown;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly records: readonly ProcessorRecord[];
}

interface Group extends WindowBounds {
  readonly key: unknown;
  readonly records: ProcessorRecord[];
}

/** Windows of one processor in their plainest form: every group keeps its records. */
export class ProcessorOracle {
  readonly #window: WindowAssigner;
  #groups: Group[] = [];
  #watermark = -Infinity;
  /** Records that came when all their windows were closed. */
  late = 0;

  constructor(window: WindowAssigner) {
    this.#window = window;
  }

  /** Windows that are open, whatever their keys. */
  get openWindows(): number {
    return new Set(this.#groups.map(({ end }) => end)).size;
  }

  /** A record comes; then the watermark is at least that. Gives what closes. */
  add(record: ProcessorRecord, watermark: number): ExpectedResult[] {
    const windows = windowsAt(this.#window, record.at);
    const open = windows.filter(({ end }) => end > this.#watermark);
    if (windows.length > 0 && open.length === 0) this.late++;
    const key = record.key ?? null;
    for (const { start, end } of open) {
      const group = this.#groups.find((each) => each.end === end && Object.is(each.key, key));
      if (group) group.records.push(record);
      else this.#groups.push({ start, end, key, records: [record] });
    }
    return this.#raise(watermark);
  }

  /** All windows close. */
  flush(): ExpectedResult[] {
    return this.#raise(Math.max(-Infinity, ...this.#groups.map(({ end }) => end)));
  }

  #raise(watermark: number): ExpectedResult[] {
    this.#watermark = Math.max(this.#watermark, watermark);
    const closed = this.#groups.filter(({ end }) => end <= this.#watermark);
    this.#groups = this.#groups.filter(({ end }) => end > this.#watermark);
    return closed.map(({ start, end, key, records }) => {
      return { key, windowStart: start, windowEnd: end, records };
    });
  }
}
