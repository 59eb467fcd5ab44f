import { COALESCE, CONVERT, GATHER, PUT, TEXT, WHEN, WIDTH } from "../../kernel/expression_ops.ts";
import type { RegisterWidth } from "../../kernel/expression_program.ts";
import type { DataType } from "../schema.ts";
import { type Assembled, Assembler, type Operands, type Register } from "./assembler.ts";
import { type Checked, nullOf, type ValueType } from "./checked.ts";
import { evaluatorOf } from "./evaluator.ts";
import { lowerOperator } from "./lower_operators.ts";
import { type ColumnPath, pathOf, TraitsOf } from "./traits.ts";
import type { Value } from "./values.ts";

/** What a register's values are: times and f32 are f64 there, dates and times of day i32. */
export type Representation = "bool" | "i32" | "i64" | "f64" | "text";

/** A column that is copied into the kernel. */
export interface ColumnInput {
  /** The register that holds the column as it is stored. */
  readonly register: Register;
  readonly type: DataType;
  /** Where in the batch; or what the host computes for it. */
  readonly source: ColumnPath | Checked;
  /** The instruction that takes text apart, and needs to know where its bytes lie. */
  readonly load?: number;
  /** Whether only its nulls matter. */
  readonly onlyNulls: boolean;
}

/** Values for each entry of a dictionary, computed by the host. */
export interface TableInput {
  /** The instruction that reads the table. */
  readonly gather: number;
  /** The dict column. */
  readonly path: ColumnPath;
  /** What is computed of an entry. */
  readonly checked: Checked;
  /** How it is stored; `code` is its place among the strings of `space`. */
  readonly as: Representation | "code";
  readonly space?: StringSpace;
}

/** The strings that a dict output can have: constants first, then what dictionaries bring. */
export interface StringSpace {
  readonly constants: Map<string, number>;
}

/** A constant that needs to be written into its register. */
export interface ConstantInput {
  readonly register: Register;
  readonly representation: Representation;
  readonly value: Value;
  /** Whether evaluating it fails, which is the host's to say. */
  readonly fails: boolean;
}

/** Bytes that an instruction points to. */
export interface BlobInput {
  readonly instruction: number;
  readonly bytes: Uint8Array;
}

/** Texts that an instruction points to. */
export interface TextListInput {
  readonly instruction: number;
  readonly texts: readonly Uint8Array[];
}

/** Where a result comes out. */
export interface PutResult {
  /** The output register. */
  readonly output: Register;
  /** The instruction that writes it, and needs to know where its counts lie. */
  readonly put: number;
}

/** The representation of a type's values in registers; `undefined` where there is none. */
export function representationOf(type: ValueType): Representation | undefined {
  switch (type.kind) {
    case "bool":
    case "i64":
    case "i32":
      return type.kind;
    case "date":
    case "time":
      return "i32";
    case "f32":
    case "f64":
    case "timestamp":
      return "f64";
    case "utf8":
    case "dict":
      return "text";
  }
  return undefined;
}

/** The width of a representation. */
export function widthOf(representation: Representation): RegisterWidth {
  if (representation === "bool") return "bit";
  return representation === "i32" ? "four" : "eight";
}

/** Turns checked expressions into one program; what they have in common is computed once. */
export class Lowering {
  readonly columns: ColumnInput[] = [];
  readonly tables: TableInput[] = [];
  readonly constants: ConstantInput[] = [];
  readonly blobs: BlobInput[] = [];
  readonly textLists: TextListInput[] = [];
  /** Registers that hold the time. */
  readonly clocks: Register[] = [];
  readonly #assembler = new Assembler();
  readonly #traits = new TraitsOf();
  readonly #known = new Map<number, Register | undefined>();
  readonly #inputs = new Map<string, ColumnInput>();

  /** The register of a value; `undefined` when its type has no representation. */
  register(checked: Checked): Register | undefined {
    const number = this.#traits.number(checked);
    if (this.#known.has(number)) return this.#known.get(number);
    const register = this.#lower(checked);
    this.#known.set(number, register);
    return register;
  }

  /** The registers of several values; `undefined` when one has none. */
  registers(all: readonly Checked[]): Register[] | undefined {
    const found = all.map((checked) => this.register(checked));
    return found.every((register) => register !== undefined) ? found : undefined;
  }

  /** Adds an instruction. */
  emit(op: number, operands: Operands): Register {
    return this.#assembler.emit(op, operands);
  }

  /** Adds an instruction that points to bytes, and has the number of `units` as its count. */
  emitWith(
    op: number,
    operands: Operands,
    { bytes, units }: { bytes: Uint8Array; units: number },
  ): Register {
    const register = this.#assembler.emit(op, { ...operands, j: units });
    this.blobs.push({ instruction: this.#assembler.last, bytes });
    return register;
  }

  /** Adds an instruction that points to a list of texts: an address and a length each. */
  emitTexts(op: number, operands: Operands, texts: readonly Uint8Array[]): Register {
    const register = this.#assembler.emit(op, { ...operands, j: texts.length });
    this.textLists.push({ instruction: this.#assembler.last, texts });
    return register;
  }

  /** A register of one value in every row. */
  constant(representation: Representation, value: Value): Register {
    return this.#constant({ representation, value, fails: false });
  }

  /** A register of nothing but nulls where only they matter, of columns of any type. */
  nullsOf(checked: Checked): Register | undefined {
    const path = pathOf(checked);
    return path && this.#column(path, { type: checked.type as DataType, onlyNulls: true }).register;
  }

  /** The codes of a dict value among the strings of a space; `undefined` when it has none. */
  codes(checked: Checked, space: StringSpace): Register | undefined {
    if (checked.op === "const") return this.#constantCode(checked.value, space);
    if (this.#isLifted(checked)) return this.#gather(checked, { as: "code", space });
    if (checked.op !== "when" && checked.op !== "coalesce") return undefined;
    if (checked.op === "coalesce") {
      const all = checked.args.map((arg) => this.codes(arg, space));
      return all.reduce((a, b) => this.#both(COALESCE + WIDTH.four, a, b));
    }
    let result = this.codes(checked.args[checked.args.length - 1], space);
    for (let at = checked.args.length - 3; at >= 0; at -= 2) {
      const condition = this.register(checked.args[at]);
      const chosen = this.codes(checked.args[at + 1], space);
      if (condition === undefined || chosen === undefined || result === undefined) return undefined;
      result = this.emit(WHEN + WIDTH.four, { a: condition, b: chosen, c: result });
    }
    return result;
  }

  /** Puts a register out as a column. */
  put(register: Register, type: DataType | { kind: "codes" }): PutResult {
    const { op, width } = outputOf(type);
    const output = this.#assembler.register({ use: "column", width });
    this.#assembler.put(op, output, { a: register });
    return { output, put: this.#assembler.last };
  }

  /** The finished program. */
  assemble(): Assembled {
    return this.#assembler.assemble();
  }

  #both(op: number, a: Register | undefined, b: Register | undefined): Register | undefined {
    return a === undefined || b === undefined ? undefined : this.emit(op, { a, b });
  }

  #lower(checked: Checked): Register | undefined {
    const representation = representationOf(checked.type);
    if (representation === undefined) return undefined;
    if (checked.op === "const") return this.constant(representation, checked.value);
    if (checked.op === "now") return this.#clock();
    const { columns, now } = this.#traits.of(checked);
    if (columns === 0 && !now) return this.#folded(checked, representation);
    if (this.#isLifted(checked)) return this.#gather(checked, { as: representation });
    const path = pathOf(checked);
    if (path !== undefined) return this.#columnValues(path, checked.type as DataType);
    return lowerOperator(this, checked) ??
      this.#columnValues(checked, checked.type as DataType);
  }

  // one dict column and constants: computed once an entry of the dictionary, not once a row
  #isLifted(checked: Checked): boolean {
    const { columns, type, now } = this.#traits.of(checked);
    return columns === 1 && type?.kind === "dict" && !now;
  }

  #gather(checked: Checked, table: Pick<TableInput, "as" | "space">): Register {
    const { path, type } = this.#traits.of(checked);
    const { register } = this.#column(path!, { type: type!, onlyNulls: false });
    const width = table.as === "code" ? "four" : widthOf(table.as);
    const gathered = this.emit(GATHER + WIDTH[width], { a: register });
    this.tables.push({ gather: this.#assembler.last, path: path!, checked, ...table });
    return gathered;
  }

  #clock(): Register {
    const register = this.constant("f64", 0);
    this.clocks.push(register);
    return register;
  }

  #folded(checked: Checked, representation: Representation): Register {
    try {
      const value = evaluatorOf(checked, noColumns)(undefined, {});
      return this.constant(representation, value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return this.#constant({ representation, value: null, fails: true });
    }
  }

  #constant(constant: Omit<ConstantInput, "register">): Register {
    const { representation, value } = constant;
    const width = widthOf(representation);
    const register = this.#assembler.register({ use: "constant", width, valid: value !== null });
    this.constants.push({ register, ...constant });
    return register;
  }

  #constantCode(value: Value, { constants }: StringSpace): Register {
    if (value === null) return this.constant("i32", null);
    const text = value as string;
    if (!constants.has(text)) constants.set(text, constants.size);
    return this.constant("i32", constants.get(text));
  }

  #column(
    source: ColumnPath | Checked,
    { type, onlyNulls }: Pick<ColumnInput, "type" | "onlyNulls">,
  ): ColumnInput {
    const key = "op" in source ? `=${this.#traits.number(source)}` : `${source}`;
    const name = `${onlyNulls} ${key}`;
    let input = this.#inputs.get(name);
    if (input === undefined) {
      const register = this.#assembler.register({ use: "column", width: storedWidth(type) });
      input = { register, type, source, onlyNulls };
      this.#inputs.set(name, input);
      this.columns.push(input);
    }
    return input;
  }

  #columnValues(source: ColumnPath | Checked, type: DataType): Register {
    // strings that the host computes come as they are, not as a dictionary
    const stored: DataType = type.kind === "dict" ? { kind: "utf8" } : type;
    const input = this.#column(source, { type: stored, onlyNulls: false });
    switch (stored.kind) {
      case "f32":
        return this.emit(CONVERT.f32ToF64, { a: input.register });
      case "timestamp":
        return this.emit(CONVERT.i64ToF64, { a: input.register });
      case "utf8": {
        const texts = this.emit(TEXT.load, { a: input.register });
        this.columns[this.columns.indexOf(input)] = { ...input, load: this.#assembler.last };
        return texts;
      }
    }
    return input.register;
  }
}

function noColumns(): never {
  throw new Error("Cannot fold expression: it uses a column");
}

function storedWidth(type: DataType): RegisterWidth {
  if (type.kind === "bool") return "bit";
  return ["i64", "f64", "timestamp"].includes(type.kind) ? "eight" : "four";
}

function outputOf(type: DataType | { kind: "codes" }): { op: number; width: RegisterWidth } {
  switch (type.kind) {
    case "bool":
      return { op: PUT.bit, width: "bit" };
    case "i64":
    case "f64":
      return { op: PUT.eight, width: "eight" };
    case "f32":
      return { op: PUT.f32, width: "four" };
    case "timestamp":
      return { op: PUT.time, width: "eight" };
    case "utf8":
    case "dict":
      return { op: PUT.text, width: "eight" };
  }
  return { op: PUT.four, width: "four" };
}

/** The expression with false where it is null: what a filter asks. */
export function isTrue(checked: Checked): Checked {
  const never = { ...nullOf({ kind: "bool" }, checked.node), value: false };
  return { op: "coalesce", type: { kind: "bool" }, args: [checked, never], node: checked.node };
}
