import type { AvroReadKind } from "../../kernel/avro_ops.ts";
import { isEmpty } from "./avro_resolution.ts";
import type { AvroType } from "./avro_type.ts";
import type { ReadStep } from "./read_plan.ts";

const FLOAT_BYTES = 4;
const DOUBLE_BYTES = 8;

/** Adds the operations that pass over values of any type. */
export class SkipPlanner {
  readonly #steps: ReadStep[];
  /** Where each record is passed over: once, since it may contain itself. */
  readonly #records = new Map<AvroType, number>();

  /** What bytes can be added to, as long as it is the last step. */
  #last: (ReadStep & { a: number }) | undefined;

  /** A planner that adds to some steps. */
  constructor(steps: ReadStep[]) {
    this.#steps = steps;
  }

  /** Passes over a value; what takes no bytes needs no operation. */
  skip(type: AvroType, path: string): void {
    if (isEmpty(type)) return;
    switch (type.type) {
      case "boolean":
        return this.#bytes(type, path, 1);
      case "int":
      case "long":
      case "enum":
        return void this.#push("skipWhole", type, path);
      case "float":
        return this.#bytes(type, path, FLOAT_BYTES);
      case "double":
        return this.#bytes(type, path, DOUBLE_BYTES);
      case "bytes":
      case "string":
        return void this.#push("skipText", type, path);
      case "fixed":
        return this.#bytes(type, path, type.size);
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
    inner();
    this.#last = undefined;
    step.within = this.#steps.length - before;
  }
}
