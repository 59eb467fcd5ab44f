import type { AvroReadKind } from "../../kernel/avro_ops.ts";
import { type Optional, optionalOf } from "./avro_columns.ts";
import { isEmpty } from "./avro_resolution.ts";
import type { AvroType, AvroUnion } from "./avro_type.ts";
import { UnsupportedAvroError } from "./avro_unsupported.ts";
import { unionWord } from "./read_union.ts";
import type { ReadStep } from "./read_plan.ts";

const FLOAT_BYTES = 4;
const DOUBLE_BYTES = 8;
/** What the kernel passes over at most, unions being a level too. */
const MOST_NESTED = 512;

/** How a value of one operation is passed over. */
interface SimpleSkip {
  readonly kind: "skipWhole" | "skipText" | "skipBytes";
  /** How many bytes. */
  readonly a: number;
}

function simpleSkip(type: AvroType): SimpleSkip | undefined {
  switch (type.type) {
    case "int":
    case "long":
    case "enum":
      return { kind: "skipWhole", a: 0 };
    case "bytes":
    case "string":
      return { kind: "skipText", a: 0 };
    case "boolean":
      return { kind: "skipBytes", a: 1 };
    case "float":
      return { kind: "skipBytes", a: FLOAT_BYTES };
    case "double":
      return { kind: "skipBytes", a: DOUBLE_BYTES };
    case "fixed":
      return { kind: "skipBytes", a: type.size };
  }
}

/** A union of null and one type, or of one type. */
function optional(union: AvroUnion): Optional | undefined {
  const others = union.branches.filter(({ type }) => type !== "null");
  return others.length === 1 ? optionalOf(union, "") : undefined;
}

/** Adds the operations that pass over values of any type. */
export class SkipPlanner {
  readonly #steps: ReadStep[];
  /** Where each record is passed over: once, since it may contain itself. */
  readonly #records = new Map<AvroType, number>();
  /** What bytes can be added to, as long as it is the last step. */
  #last: (ReadStep & { a: number }) | undefined;

  #depth = 0;

  /** A planner that adds to some steps. */
  constructor(steps: ReadStep[]) {
    this.#steps = steps;
  }

  /** Ends a record: what comes after it is not added to its last step. */
  seal(): void {
    this.#last = undefined;
  }

  /** Passes over a field of a record that is read. */
  skipField(type: AvroType, path: string): void {
    const value = type.type === "union" ? optional(type) : undefined;
    const simple = value && simpleSkip(value.type);
    if (simple === undefined) return this.skip(type, path);
    this.#push(simple.kind, value!.type, path, simple.a).union = unionWord(value!.branches, true);
  }

  /** Passes over a value; what takes no bytes needs no operation. */
  skip(type: AvroType, path: string): void {
    if (isEmpty(type)) return;
    if (this.#depth > MOST_NESTED) {
      throw new UnsupportedAvroError(path, type, `nested deeper than ${MOST_NESTED} levels`);
    }
    const simple = simpleSkip(type);
    if (simple?.kind === "skipBytes") return this.#bytes(type, path, simple.a);
    if (simple) return void this.#push(simple.kind, type, path);
    switch (type.type) {
      case "array":
        return this.#around("skipItems", type, path, () => this.skip(type.items, `${path}[]`));
      case "map":
        return this.#around("skipItems", type, path, () => {
          this.#push("skipText", { type: "string" }, `${path}{}`);
          this.skip(type.values, `${path}{}`);
        });
      case "union":
        return this.#around("skipUnion", type, path, () => {
          for (const branch of type.branches) {
            this.#around("skipBranch", branch, path, () => this.skip(branch, path));
          }
        }, type.branches.length);
      case "record": {
        const known = this.#records.get(type);
        const at = this.#steps.length;
        if (known !== undefined) return void this.#push("skipAgain", type, path, at - known);
        this.#records.set(type, at);
        return this.#around("skipRecord", type, path, () => {
          for (const field of type.fields) this.skip(field.type, `${path}.${field.name}`);
        });
      }
    }
  }

  /** Passes over bytes, together with those before where they are passed over too. */
  #bytes(type: AvroType, path: string, bytes: number): void {
    const last = this.#last;
    if (last !== undefined && last === this.#steps[this.#steps.length - 1]) last.a += bytes;
    else this.#last = this.#push("skipBytes", type, path, bytes);
  }

  #push(kind: AvroReadKind, written: AvroType, path: string, a = 0) {
    const place = { column: -1, isItem: false, columns: 0 };
    const step = { kind, union: 0, ...place, a, within: 0, path, written };
    this.#steps.push(step);
    return step;
  }

  #around(kind: AvroReadKind, type: AvroType, path: string, inner: () => void, a = 0): void {
    const step = this.#push(kind, type, path, a);
    const before = this.#steps.length;
    this.#depth++;
    inner();
    this.#depth--;
    this.#last = undefined;
    step.within = this.#steps.length - before;
  }
}
