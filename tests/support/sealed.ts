import type { SealedBatch, WorkRange } from "../../src/hive/work_queue.ts";

/** What a made-up batch is given. */
export interface SealedOptions {
  readonly order: number;
  readonly rows: number;
  readonly group?: number;
  readonly priority?: boolean;
}

/** A batch without contents, for those who only move it about. */
export function sealed({ order, rows, group = 0, priority = false }: SealedOptions): SealedBatch {
  const body = new Uint8Array();
  const keys = new Array(rows).fill("k");
  return { group, priority, rows, body, valueBytes: 0, keyBytes: 0, keys, order };
}

/** All of a batch, which has cost so many bees. */
export function wholeRange(options: SealedOptions, losses = 0): WorkRange {
  return { batch: sealed(options), from: 0, to: options.rows, losses };
}
