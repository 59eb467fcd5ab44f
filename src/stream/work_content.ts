import { encodeFrame, frameSize } from "../batch/frame.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import { type BadRow, MessageKind, type Outcome } from "../hive/pipeline_frames.ts";
import { type BadInputs, recordAt } from "./bad_inputs.ts";
import type { FeedBatch } from "./feed_item.ts";
import { type BadInput, type BadInputPolicy, standingOf } from "./source.ts";

const FRAME = { kind: "data" } as const;

/** Records that were left out of what has an outcome, which is not closed yet. */
export interface OpenBad {
  readonly skipped: number;
  readonly deadLettered: number;
}

/** What a bee is sent: rows, or bytes of which it makes rows. */
export interface WorkContent {
  /** What the message is. */
  readonly kind: number;
  /** What else its flags are. */
  readonly flags: number;
  /** Bytes of its body. */
  readonly bytes: number;
  /** Bytes that it is kept in. */
  readonly keptBytes: number;
  /** Records, as far as their number is known. */
  readonly records: number;
  /** Writes the body. */
  write(target: Uint8Array): void;
  /** The rows at some places, ascending. */
  take(places: readonly number[]): RecordBatch;
  /** The row at a place as an object. */
  recordAt(place: number): Record<string, unknown>;
  /** Place of a row in its source partition. */
  positionOf(place: number): number;
  /** Where one that cannot be used is said to stand. */
  standingOf(place: number): Pick<BadInput, "position" | "place">;
  /** The same without a row, the others keep their positions. */
  without(place: number): WorkContent;
  /** No rows; what it says about watermarks still counts. */
  emptied(): WorkContent;
  /** Whether the first record that cannot be decoded is the end, whatever the pipeline says. */
  readonly fails: boolean;
  /** The first record that cannot be used, or its error; `undefined`: all can. */
  firstBad(outcome: Outcome): BadInput | Error | undefined;
  /** Deals with all records that cannot be used, in order. */
  reportBad(outcome: Outcome, bad: BadInputs): void;
  /** How they are counted before that. */
  openBad(outcome: Outcome, policy: BadInputPolicy): OpenBad;
  /** Gives back what it is kept in: nobody asks for any of it again. */
  release(): void;
}

/** Counts of records under a policy. */
export function countedAs(policy: BadInputPolicy, count: number): OpenBad {
  return {
    skipped: policy === "skip" ? count : 0,
    deadLettered: policy === "deadLetter" ? count : 0,
  };
}

/** Rows, and where they stand. */
type PlacedBatch = Pick<FeedBatch, "batch" | "position" | "positions" | "placeOf">;

/** Rows as columns. */
export class RowContent implements WorkContent {
  readonly kind = MessageKind.work;
  readonly flags = 0;
  readonly fails = false;
  readonly bytes: number;
  readonly #batch: RecordBatch;
  readonly #first: number;
  readonly #positions: Float64Array | undefined;
  readonly #placeOf: FeedBatch["placeOf"];

  /** A batch, with the position of its first row or of all. */
  constructor({ batch, position, positions, placeOf }: PlacedBatch) {
    this.#batch = batch;
    this.#placeOf = placeOf;
    this.#first = position;
    this.#positions = positions;
    this.bytes = frameSize(batch);
  }

  get keptBytes(): number {
    return this.bytes;
  }

  get records(): number {
    return this.#batch.length;
  }

  write(target: Uint8Array): void {
    encodeFrame(FRAME, this.#batch, { target });
  }

  take(places: readonly number[]): RecordBatch {
    return this.#batch.take(places);
  }

  recordAt(place: number): Record<string, unknown> {
    return recordAt(this.#batch, place);
  }

  positionOf(place: number): number {
    return this.#placeOf?.(place).position ?? this.#counted(place);
  }

  standingOf(place: number): Pick<BadInput, "position" | "place"> {
    return standingOf(this.#placeOf?.(place), this.#counted(place));
  }

  #counted(place: number): number {
    return this.#positions ? this.#positions[place] : this.#first + place;
  }

  without(place: number): RowContent {
    const rows = [...Array(this.#batch.length).keys()].filter((each) => each !== place);
    const positions = Float64Array.from(rows, (each) => this.#counted(each));
    const placeOf = this.#placeOf && ((row: number) => this.#placeOf!(rows[row]));
    const placed = { position: this.#first, positions, ...(placeOf && { placeOf }) };
    return new RowContent({ batch: this.#batch.take(rows), ...placed });
  }

  emptied(): RowContent {
    return new RowContent({ batch: this.#batch.slice(0, 0), position: this.#first });
  }

  firstBad({ bad: [first] }: Outcome): BadInput | undefined {
    return first && badInput(this, first);
  }

  reportBad(outcome: Outcome, bad: BadInputs): void {
    for (const each of outcome.bad) bad.report(badInput(this, each));
  }

  openBad({ bad }: Outcome, policy: BadInputPolicy): OpenBad {
    return countedAs(policy, bad.length);
  }

  release(): void {}
}

/** A row that cannot be used, as it came. */
export function badInput(
  content: Pick<WorkContent, "recordAt" | "standingOf">,
  { row, message, name = "RangeError" }: BadRow,
): BadInput {
  return { record: content.recordAt(row), error: { name, message }, ...content.standingOf(row) };
}
