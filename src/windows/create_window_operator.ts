import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import type { AggregateFunction } from "./aggregate_function.ts";
import { AlignedOperator } from "./operator/aligned_operator.ts";
import type { OperatorAssign } from "./operator/assigners.ts";
import { CountOperator } from "./operator/count_operator.ts";
import { FixedOperator } from "./operator/fixed_operator.ts";
import type { OperatorCore } from "./operator/operator_core.ts";
import { restoreFrom, snapshotOf } from "./operator/operator_snapshot.ts";
import { SessionOperator } from "./operator/session_operator.ts";
import { TrailingOperator } from "./operator/trailing_operator.ts";
import type { OperatorOutcome, OrderedRows, WindowOperator } from "./window_operator.ts";
import type { TriggerSpec, WindowOperatorSpec } from "./window_spec.ts";

/** What a window operator is made of besides its spec. */
export interface WindowOperatorParts {
  /** Of every batch that will be added. */
  readonly schema: Schema;
  /** What is computed, by the names of the result columns. */
  readonly functions: ReadonlyMap<string, AggregateFunction>;
  /** Of custom windows: gives those that hold a row of some time, which are checked. */
  readonly assign?: OperatorAssign;
}

/** Whether windows give results but at their ends. */
function isEarly({ everyRows, every, onTime = "always" }: TriggerSpec): boolean {
  return everyRows !== undefined || every !== undefined || onTime === "never";
}

/** @throws {TypeError} for what cannot go together. */
function checkSpec({ window, trigger, revisedFor = 0, time }: WindowOperatorSpec): void {
  const { kind } = window;
  if (time === undefined && kind !== "count" && kind !== "global") {
    throw new TypeError(`Cannot make ${kind} windows: they need event times`);
  }
  if (time === undefined && trigger?.every !== undefined && trigger.clock !== "processing") {
    throw new TypeError(
      `Cannot trigger ${kind} windows every ${trigger.every} ms of event time: rows have none; add ` +
        `timestamps(), or go by clock: "processing"`,
    );
  }
  if (kind === "count" && (trigger !== undefined || revisedFor > 0)) {
    throw new TypeError(
      "Cannot trigger count windows: they give their result with their last row, and no row is " +
        "late for them; leave the trigger and update out",
    );
  }
  if (kind === "trailing" && trigger !== undefined && isEarly(trigger)) {
    throw new TypeError(
      "Cannot trigger trailing windows early: they give a result for each time; leave the early " +
        "trigger out, or use sliding windows",
    );
  }
}

function coreOf(spec: WindowOperatorSpec, parts: WindowOperatorParts): OperatorCore {
  const { window, trigger = {} } = spec;
  switch (window.kind) {
    case "session":
      return new SessionOperator({ ...spec, window }, parts);
    case "count":
      return new CountOperator({ ...spec, window }, parts);
    case "trailing":
      return new TrailingOperator({ ...spec, window }, parts);
    case "aligned":
      return isEarly(trigger)
        ? new FixedOperator(spec, parts)
        : new AlignedOperator({ ...spec, window }, parts);
    default:
      return new FixedOperator(spec, parts);
  }
}

/** An operator that a restore replaces as a whole, so that a damaged snapshot changes nothing. */
class ReplaceableOperator implements WindowOperator {
  readonly resultSchema: Schema;
  readonly #make: () => OperatorCore;
  #core: OperatorCore;

  constructor(make: () => OperatorCore) {
    this.#make = make;
    this.#core = make();
    this.resultSchema = this.#core.results.schema;
  }

  add(rows: OrderedRows): OperatorOutcome {
    return this.#core.add(rows);
  }

  advance(watermark: number): void {
    this.#core.advance(watermark);
  }

  tick(nowMs: number): void {
    this.#core.tick(nowMs);
  }

  nextTick(): number {
    return this.#core.nextTick();
  }

  take(): RecordBatch | undefined {
    return this.#core.take();
  }

  stats(): { readonly windows: number; readonly bytes: number } {
    return this.#core.stats();
  }

  oldest(): number {
    return this.#core.oldest();
  }

  snapshot(): Uint8Array {
    return snapshotOf(this.#core);
  }

  restore(snapshot: Uint8Array): void {
    const core = this.#make();
    if (snapshot.length > 0) restoreFrom(core, snapshot);
    this.#core = core;
  }

  [Symbol.dispose](): void {
    this.#core = this.#make();
  }
}

/**
 * An operator, in JavaScript, for windows and triggers of all kinds over rows in the order of their
 * source.
 *
 * @throws {TypeError} for a column that does not exist, has a type that does not fit its role, a
 *   result name that occurs twice, or a trigger that the windows cannot have.
 */
export function createWindowOperator(
  spec: WindowOperatorSpec,
  parts: WindowOperatorParts,
): WindowOperator {
  checkSpec(spec);
  return new ReplaceableOperator(() => coreOf(spec, parts));
}
