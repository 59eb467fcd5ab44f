import type { Schema } from "../../batch/schema.ts";
import { checkSchema, typeName } from "../../batch/schema_check.ts";
import type { AvroReadOp } from "../../kernel/avro_plan.ts";
import type { AvroReaderShape } from "../../kernel/avro_reader.ts";
import { type Optional, optionalOf, recordOf } from "./avro_columns.ts";
import { MAX_AVRO_FIELDS } from "./avro_limits.ts";
import { isEmpty, resolutionFault, writersField } from "./avro_resolution.ts";
import {
  type AvroField,
  type AvroRecord,
  type AvroSchema,
  type AvroType,
  avroTypeName,
} from "./avro_type.ts";
import { UnsupportedAvroError } from "./avro_unsupported.ts";
import { type ColumnNode, type FieldNode, ReadColumns } from "./read_columns.ts";
import { unionWord } from "./read_union.ts";
import { scalarReading } from "./scalar_reading.ts";
import { SkipPlanner } from "./skip_plan.ts";
import { writeDefault } from "./write_default.ts";

/** An operation of a plan, and what it is about. */
export interface ReadStep extends AvroReadOp {
  within: number;
  /** The field, for messages. */
  readonly path: string;
  /** What was written, for messages. */
  readonly written: AvroType;
}

/** How records are read into columns. */
export interface ReadPlan extends AvroReaderShape {
  readonly ops: readonly ReadStep[];
  /** The columns of the batch. */
  readonly nodes: readonly ColumnNode[];
}

/** The schemas that records were written with and are read as, and the columns they go to. */
export interface ReadSchemas {
  readonly writer: AvroSchema;
  readonly reader: AvroSchema;
  readonly columns: Schema;
}

const UUID_GROWTH = 3;
const MOST_STEPS = 16 * MAX_AVRO_FIELDS;

function cannotRead(path: string, why: string, fix: string): TypeError {
  return new TypeError(`Cannot read Avro field ${JSON.stringify(path)}: ${why}; ${fix}`);
}

/** Makes the operations that read records, in the order in which fields were written. */
class ReadPlanner {
  readonly steps: ReadStep[] = [];
  readonly #skips = new SkipPlanner(this.steps);
  #defaultBytes = 0;
  #hasUuid = false;

  get growth(): Pick<AvroReaderShape, "growth" | "defaultBytes"> {
    return { growth: this.#hasUuid ? UUID_GROWTH : 1, defaultBytes: this.#defaultBytes };
  }

  record(writer: AvroRecord, fields: readonly FieldNode[], path: string): void {
    const read = this.#sources(writer, fields);
    for (const field of writer.fields) {
      const inner = path === "" ? field.name : `${path}.${field.name}`;
      const node = read.get(field);
      if (node) this.#value(optionalOf(field.type, inner), node);
      else this.#skips.skipField(field.type, inner);
      if (this.steps.length > MOST_STEPS) {
        throw new UnsupportedAvroError(inner, writer, "which has too many parts");
      }
    }
    this.#skips.seal();
    for (const { field, node } of fields) {
      if (writersField(writer, field) === undefined) this.#default(field, node);
    }
  }

  /** What is read from which of the writer's fields. */
  #sources(writer: AvroRecord, fields: readonly FieldNode[]): Map<AvroField, ColumnNode> {
    const read = new Map<AvroField, ColumnNode>();
    for (const { field, node } of fields) {
      const found = writersField(writer, field);
      if (found === undefined) continue;
      const other = read.get(found);
      if (other) {
        throw cannotRead(
          node.path,
          `the written field ${JSON.stringify(found.name)} is read as ${other.path} already`,
          "correct the aliases",
        );
      }
      read.set(found, node);
    }
    return read;
  }

  #default(field: AvroField, node: ColumnNode): void {
    if (field.default === undefined) {
      throw cannotRead(
        node.path,
        "it was not written, and has no default",
        "give it a default in the reader's schema, or leave the column out",
      );
    }
    const { type, branches } = optionalOf(field.type, node.path);
    if (field.default.value === null && !node.nullable) {
      throw cannotRead(node.path, "its default is null", "let the column take nulls");
    }
    const bytes = writeDefault(field.type, field.default.value);
    this.#defaultBytes += 3 * bytes.length;
    const step = this.#push(node, type, { kind: "default", union: 0, bytes });
    this.#value({ type, branches }, node);
    step.within = this.steps.length - this.steps.indexOf(step) - 1;
  }

  #push(node: ColumnNode, written: AvroType, op: Partial<AvroReadOp> & Pick<AvroReadOp, "kind">) {
    const { path, sink: column, isItem, columns } = node;
    const step: ReadStep = {
      ...{ union: 0, column, isItem, columns, a: 0, within: 0, path, written },
      ...op,
    };
    this.steps.push(step);
    return step;
  }

  #value({ type: writer, branches }: Optional, node: ColumnNode): void {
    const { path, reader, type } = node;
    const fault = resolutionFault(writer, reader);
    if (fault) throw cannotRead(path, fault, "read it with the writer's schema, or leave it out");
    const union = unionWord(branches, node.nullable);
    if (writer.type === "record") {
      const step = this.#push(node, writer, { kind: "record", union });
      const before = this.steps.length;
      this.record(writer, node.fields!, path);
      step.within = this.steps.length - before;
    } else if (writer.type === "array") {
      this.#push(node, writer, { kind: "array", union, within: 1 });
      this.#value(optionalOf(writer.items, node.item!.path), node.item!);
    } else if (writer.type === "map") {
      this.#push(node, writer, { kind: "map", union, within: 2 });
      const keys = { ...node.item!, sink: node.sink, nullable: false };
      this.#push(keys, { type: "string" }, { kind: "text" });
      this.#value(optionalOf(writer.values, node.item!.path), node.item!);
    } else {
      const reading = scalarReading(writer, reader, type);
      if (reading === undefined) {
        const as = `it is ${avroTypeName(reader)}, its column ${typeName(type)}`;
        throw cannotRead(path, as, "give one of them another type");
      }
      if (reading.kind === "uuid") this.#hasUuid = true;
      this.#push(node, writer, { ...reading, union });
    }
  }
}

/**
 * The operations that read records into columns.
 *
 * @throws {UnsupportedAvroError} when a wanted field has a type that no column can be.
 * @throws {TypeError} when the schemas do not go together.
 */
export function planReading({ writer, reader, columns }: ReadSchemas): ReadPlan {
  checkSchema(columns);
  const record = recordOf(writer.type);
  const as = recordOf(reader.type);
  const fault = resolutionFault(record, as);
  if (fault) throw new TypeError(`Cannot read Avro: ${fault}; add an alias to the reader's schema`);
  if (isEmpty(record)) {
    throw new UnsupportedAvroError("", record, "whose values take no bytes");
  }
  const layout = new ReadColumns();
  const fields = layout.fields(as, columns.fields, "");
  const planner = new ReadPlanner();
  planner.record(record, fields, "");
  return {
    ops: planner.steps,
    columns: layout.specs,
    nodes: fields.map(({ node }) => node),
    ...planner.growth,
  };
}
