import type { DataType } from "../../batch/schema.ts";
import type { AddRow, AggregateFunction } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import { Hash64 } from "./hash64.ts";
import { HyperLogLog } from "./hyper_log_log.ts";
import { rowHashes } from "./row_hashes.ts";
import { isNull, validityOf } from "./values.ts";

/** About how many different values there are. */
export class ApproxCountDistinctFunction implements AggregateFunction<HyperLogLog> {
  readonly type: DataType = { kind: "i64", as: "number" };
  readonly nullable = false;
  readonly #column: number;

  /** Of the column at a position. */
  constructor(column: number) {
    this.#column = column;
  }

  init(): HyperLogLog {
    return new HyperLogLog();
  }

  open({ columns }: ColumnBatch): AddRow<HyperLogLog> {
    const column = columns[this.#column];
    const [hash, hashRow, validity] = [new Hash64(), rowHashes(column), validityOf(column)];
    return (state, row) => {
      if (isNull(validity, row)) return state;
      hashRow(hash, row);
      state.add(hash.high, hash.low);
      return state;
    };
  }

  merge(into: HyperLogLog, from: HyperLogLog): HyperLogLog {
    into.merge(from);
    return into;
  }

  result(state: HyperLogLog): number {
    return state.estimate();
  }

  save(state: HyperLogLog): unknown {
    return state.bytes();
  }

  load(saved: unknown): HyperLogLog {
    return HyperLogLog.of(saved as Uint8Array);
  }
}
