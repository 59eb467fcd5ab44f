import type { DataType } from "../../batch/schema.ts";
import type { AddRow, AggregateFunction } from "../aggregate_function.ts";
import type { ColumnBatch } from "../window_table.ts";
import type { Operand } from "./operand.ts";
import type { UserFunctions } from "./user_functions.ts";

/**
 * A copy of a user's state, which shares nothing with it.
 *
 * @throws {TypeError} when that cannot be copied, naming the result column.
 */
export function copyOfState<State>(name: string, state: State): State {
  try {
    return structuredClone(state);
  } catch (cause) {
    throw new TypeError(
      `Cannot keep the state of ${
        JSON.stringify(name)
      }: it must be what structuredClone() copies, ` +
        `without functions and the like: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
}

/** What a user's aggregate is, beside its functions. */
export interface UserAggregateShape {
  /** Of the result column. */
  readonly name: string;
  /** Of the result. */
  readonly type: DataType;
}

/** An aggregate that is made of a user's functions. */
export class UserAggregate implements AggregateFunction<unknown> {
  readonly type: DataType;
  readonly nullable = true;
  readonly retract?: (into: unknown, from: unknown) => unknown;
  readonly #name: string;
  readonly #operand: Operand;
  readonly #functions: Required<Omit<UserFunctions, "retract">>;

  /** Of an operand. */
  constructor(operand: Operand, functions: UserFunctions, { name, type }: UserAggregateShape) {
    this.type = type;
    this.#name = name;
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
    const { all } = values;
    if (all) return (state, row) => add(state, all[row]);
    return (state, row) => values.isLeftOut(row) ? state : add(state, values.valueAt(row));
  }

  /** What gives the second state back as it is gives away what is still in use elsewhere. */
  merge(into: unknown, from: unknown): unknown {
    const merged = this.#functions.merge(into, from);
    return merged === from ? copyOfState(this.#name, from) : merged;
  }

  result(state: unknown): unknown {
    return this.#functions.result(state) ?? null;
  }

  save(state: unknown): unknown {
    return copyOfState(this.#name, state);
  }

  load(saved: unknown): unknown {
    return saved;
  }
}
