import type { DataType } from "../../batch/schema.ts";
import type { AddRow, AggregateFunction } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import type { Operand } from "./operand.ts";
import type { UserFunctions } from "./user_functions.ts";

/** An aggregate that is made of a user's functions. */
export class UserAggregate implements AggregateFunction<unknown> {
  readonly type: DataType;
  readonly nullable = true;
  readonly retract?: (into: unknown, from: unknown) => unknown;
  readonly #operand: Operand;
  readonly #functions: Required<Omit<UserFunctions, "retract">>;

  /** Of an operand, with a result of a type. */
  constructor(operand: Operand, functions: UserFunctions, type: DataType) {
    this.type = type;
    this.#operand = operand;
    this.#functions = functions as Required<UserFunctions>;
    const { retract } = functions;
    if (retract) this.retract = retract;
  }

  init(): unknown {
    return this.#functions.init();
  }

  open(batch: ColumnBatch): AddRow<unknown> {
    const values = this.#operand.open(batch);
    const { add } = this.#functions;
    return (state, row) => values.isLeftOut(row) ? state : add(state, values.valueAt(row));
  }

  /** What gives the second state back as it is gives away what is still in use elsewhere. */
  merge(into: unknown, from: unknown): unknown {
    const merged = this.#functions.merge(into, from);
    return merged === from ? structuredClone(from) : merged;
  }

  result(state: unknown): unknown {
    return this.#functions.result(state) ?? null;
  }

  save(state: unknown): unknown {
    return state;
  }

  load(saved: unknown): unknown {
    return saved;
  }
}
