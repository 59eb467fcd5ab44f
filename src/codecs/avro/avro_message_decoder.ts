import { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import {
  type AvroMessagePlan,
  AvroMessageReader,
  type MessagePlaces,
} from "../../kernel/avro_message_reader.ts";
import type { AvroReadFault } from "../../kernel/avro_plan.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { BadBlockRecord } from "../block_decoder.ts";
import { avroMessagePrefix } from "./avro_messages.ts";
import type { AvroSchema } from "./avro_type.ts";
import { parseAvroSchema } from "./parse_avro_schema.ts";
import { readColumnOf } from "./read_columns.ts";
import { isOfRecord, readFault } from "./read_faults.ts";
import { planReading, type ReadPlan } from "./read_plan.ts";

/** Bytes of a prefix: a zero, and the number of a schema. */
const PREFIX_BYTES = 5;
/** Schemas that records may be written by before those that came longest ago are forgotten. */
const MOST_WRITERS = 1000;
/** How large a schema may be was for those to decide who handed it in. */
const ANY_SIZE = { maxFields: Number.MAX_SAFE_INTEGER };

/** What makes an {@linkcode AvroMessageDecoder}, as plain data that can be posted to a worker. */
export interface AvroMessageSpec {
  /** The columns that are wanted; the records may have other fields. */
  readonly schema: Schema;
  /** The schema that they are read as, as JSON. */
  readonly readerSchema: string;
  /**
   * The schema that all of them were written by, without anything in front. Absent: in front of each
   * stands a zero and the number of a schema (Confluent, "Wire format").
   */
  readonly writerSchema?: string;
  /** A larger record is a bad one. */
  readonly maxRecordBytes: number;
}

/** Why records of a number cannot be read, and what to do. */
export interface UnreadableWriter {
  readonly reason: string;
  readonly fix: string;
}

/** Rows of messages. */
export interface DecodedMessages {
  /**
   * A row for each message that could be decoded, in their order. Its columns lie in kernel memory:
   * they are valid until the decoder is used again.
   */
  readonly batch: RecordBatch;
  /** What could not be decoded, in order; `record` is the number of the message. */
  readonly bad: readonly BadBlockRecord[];
}

interface Writer {
  readonly read: ReadPlan;
  readonly plan: AvroMessagePlan;
}

/**
 * Decodes messages of which each is an Avro record, written by one schema or by several that are told
 * apart by what stands in front of them, into rows of one schema. A message that is null becomes a row
 * of nulls, where all columns take them.
 */
export class AvroMessageDecoder implements Disposable {
  readonly #spec: AvroMessageSpec;
  readonly #kernel: Kernel;
  readonly #reader: AvroSchema;
  readonly #takesNulls: boolean;
  /** By the number of a schema; −1: the one without a number. */
  readonly #writers = new Map<number, Writer | UnreadableWriter>();
  #messages: AvroMessageReader | undefined;
  #nodes: ReadPlan["nodes"] = [];

  /**
   * A decoder as the plain data say.
   *
   * @throws {TypeError} when the schemas do not go together.
   * @throws {UnsupportedAvroError} when a wanted field has a type that no column can be.
   */
  constructor(spec: AvroMessageSpec, kernel: Kernel) {
    this.#spec = spec;
    this.#kernel = kernel;
    this.#reader = parseAvroSchema(spec.readerSchema, ANY_SIZE);
    this.#takesNulls = spec.schema.fields.every(({ nullable }) => nullable !== false);
    const { writerSchema } = spec;
    if (writerSchema !== undefined) this.#writers.set(-1, this.#writerOf(writerSchema));
  }

  /** Says by which schema records of a number were written, or why they cannot be read. */
  know(id: number, writer: string | UnreadableWriter): void {
    this.#forget(id);
    if (this.#writers.size >= MOST_WRITERS) this.#forget(this.#writers.keys().next().value!);
    this.#writers.set(id, typeof writer === "string" ? this.#tryWriter(id, writer) : writer);
  }

  /** Numbers of schemas in front of messages that it was not told of, in the order in which they come. */
  unknownIds({ bytes, starts, lengths }: MessagePlaces): number[] {
    const unknown = new Set<number>();
    if (this.#spec.writerSchema !== undefined) return [];
    for (let at = 0, last = -1; at < starts.length; at++) {
      if (lengths[at] < PREFIX_BYTES || bytes[starts[at]] !== 0) continue;
      const id = idAt(bytes, starts[at]);
      if (id === last || id < 0) continue;
      last = id;
      const known = this.#writers.get(id);
      if (known === undefined) unknown.add(id);
      else this.#touch(id, known);
    }
    return [...unknown];
  }

  /** Decodes messages; those of a number that it was not told of are bad ones. */
  decode(messages: MessagePlaces): DecodedMessages {
    const reader = this.#begin();
    const { starts } = messages;
    const bad: BadBlockRecord[] = [];
    reader.begin(messages);
    this.#reserve(messages, 0);
    let rows = 0;
    for (let message = 0; message < starts.length;) {
      const writer = this.#writerAt(messages, message);
      if ("reason" in writer) {
        bad.push({ ...placeOf(messages, message++), ...writer });
        continue;
      }
      const outcome = reader.read({
        ...{ plan: writer.plan, from: message, held: rows },
        ...{ takesNulls: this.#takesNulls, mostBytes: this.#spec.maxRecordBytes },
      });
      rows += outcome.at - message;
      message = outcome.at;
      if (!outcome.fault) continue;
      bad.push(badMessage(outcome.fault, writer.read, placeOf(messages, message++)));
      this.#reserve(messages, rows); // its texts may have taken room
    }
    const sinks = reader.finish(rows);
    const columns = this.#nodes.map((node) => readColumnOf(node, sinks));
    return { batch: new RecordBatch(this.#spec.schema, columns, rows), bad };
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    for (const id of [...this.#writers.keys()]) this.#forget(id);
    this.#messages?.[Symbol.dispose]();
    this.#messages = undefined;
  }

  /** The reader, whose columns are the same whatever wrote the records. */
  #begin(): AvroMessageReader {
    if (this.#messages) return this.#messages;
    const reader = this.#reader;
    const { columns, nodes } = planReading({ writer: reader, reader, columns: this.#spec.schema });
    this.#nodes = nodes;
    return this.#messages = new AvroMessageReader(this.#kernel, columns);
  }

  #writerOf(json: string, prefix?: Uint8Array): Writer {
    const writer = parseAvroSchema(json, ANY_SIZE);
    const read = planReading({ writer, reader: this.#reader, columns: this.#spec.schema });
    return { read, plan: this.#begin().plan(read, prefix) };
  }

  #tryWriter(id: number, json: string): Writer | UnreadableWriter {
    try {
      return this.#writerOf(json, avroMessagePrefix({ schemaId: id }));
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      return {
        reason: `schema ${id}, by which it was written, cannot be read: ${error.message}`,
        fix: "read the topic by a schema that all of its records can be read as",
      };
    }
  }

  #writerAt(messages: MessagePlaces, message: number): Writer | UnreadableWriter {
    const { bytes, starts, lengths } = messages;
    const [start, length] = [starts[message], lengths[message]];
    if (length < 0) {
      if (this.#takesNulls) return this.#anyWriter();
      return {
        reason: "it is null, where columns take no nulls",
        fix: "let all columns take nulls",
      };
    }
    if (this.#spec.writerSchema !== undefined) return this.#writers.get(-1)!;
    const fault = prefixFault(bytes.subarray(start, start + length));
    if (fault) return fault;
    const id = idAt(bytes, start);
    return this.#writers.get(id) ?? {
      reason: `nothing is known of schema ${id}, by which it was written`,
      fix: "look whether the registry has it",
    };
  }

  /** A writer for messages without a value, which no plan is needed for. */
  #anyWriter(): Writer {
    for (const writer of this.#writers.values()) if ("plan" in writer) return writer;
    const writer = this.#writerOf(this.#reader.json, avroMessagePrefix({ schemaId: 0 }));
    this.#writers.set(-1, writer);
    return writer;
  }

  #reserve({ bytes, starts }: MessagePlaces, held: number): void {
    let [growth, defaultBytes] = [1, 0];
    for (const writer of this.#writers.values()) {
      if (!("read" in writer)) continue;
      growth = Math.max(growth, writer.read.growth);
      defaultBytes = Math.max(defaultBytes, writer.read.defaultBytes);
    }
    const more = bytes.length * growth + (starts.length - held) * defaultBytes;
    this.#messages!.reserve({ rows: starts.length, bytes: more, items: more }, held);
  }

  /** It was wanted last. */
  #touch(id: number, writer: Writer | UnreadableWriter): void {
    this.#writers.delete(id);
    this.#writers.set(id, writer);
  }

  #forget(id: number): void {
    const writer = this.#writers.get(id);
    if (writer && "plan" in writer) writer.plan[Symbol.dispose]();
    this.#writers.delete(id);
  }
}

/** The number of a schema behind the zero at a place; less than 0: none that a registry gives. */
function idAt(bytes: Uint8Array, at: number): number {
  return bytes[at + 1] << 24 | bytes[at + 2] << 16 | bytes[at + 3] << 8 | bytes[at + 4];
}

/** Why a message does not begin as those of a schema registry do. */
function prefixFault(message: Uint8Array): UnreadableWriter | undefined {
  const starts = message.subarray(0, PREFIX_BYTES).toHex();
  const fix =
    "look whether it was written with a schema registry, or read it as what it is: JSON, say";
  if (message.length < PREFIX_BYTES) {
    const bytes = message.length === 0 ? "none" : `${message.length} (${starts})`;
    return {
      reason: `it must begin with ${PREFIX_BYTES} bytes that tell its schema, received ${bytes}`,
      fix,
    };
  }
  if (message[0] === 0 && idAt(message, 0) >= 0) return undefined;
  return {
    reason: `it must begin with a zero and the number of a schema, received ${starts}`,
    fix,
  };
}

function placeOf({ starts, lengths }: MessagePlaces, record: number) {
  const start = starts[record];
  return { record, line: 0, start, end: start + Math.max(0, lengths[record]) };
}

function badMessage(
  fault: AvroReadFault,
  { ops }: ReadPlan,
  place: ReturnType<typeof placeOf>,
): BadBlockRecord {
  const step = ops[fault.op];
  const [reason, fix] = readFault(fault, step);
  const at = Math.max(place.start, Math.min(fault.at, place.end));
  return { ...place, at, ...(!isOfRecord(fault) && { column: step.path }), reason, fix };
}
