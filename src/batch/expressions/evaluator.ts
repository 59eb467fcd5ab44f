import { castBetween } from "./casts.ts";
import type { Candidates, Checked } from "./checked.ts";
import { faultOf, shown } from "./evaluation_fault.ts";
import { evaluateArithmetic, evaluateComparison, type Strict2 } from "./operators.ts";
import { strictOne } from "./unary_operators.ts";
import type { DataType } from "../schema.ts";
import { setOwn } from "../misfit.ts";
import type { Value } from "./values.ts";

/** What an evaluation is given besides the row. */
export interface Clock {
  /** Milliseconds since 1970 that `now()` stands for; without it `now()` is an error. */
  readonly now?: number;
}

/** Computes an expression for one row. */
export type Evaluator<Row> = (row: Row, clock: Clock) => Value;

/** How a row's columns are read, as {@linkcode Value}s. */
export type ColumnAccess<Row> = (column: Checked) => (row: Row) => Value;

/** Which evaluation is under way, for parts that are used several times in one. */
interface Turn {
  number: number;
}

/**
 * The reference evaluator: one closure a node. Whatever the kernel computes is held equal to this,
 * and rows that the kernel hands back are decided here.
 */
export function evaluatorOf<Row>(
  checked: Checked,
  access: ColumnAccess<Row>,
): Evaluator<Row> {
  const turn: Turn = { number: 0 };
  const uses = countUses(checked);
  const known = new Map<Checked, Evaluator<Row>>();
  const make = (part: Checked): Evaluator<Row> => {
    let found = known.get(part);
    if (found === undefined) {
      found = part.op === "col" ? access(part) : evaluatorFor(part, part.args.map(make));
      if (part.args.length > 0 && uses.get(part)! > 1) found = oncePerTurn(found, turn);
      known.set(part, found);
    }
    return found;
  };
  const evaluate = make(checked);
  return (row, clock) => {
    turn.number++;
    return evaluate(row, clock);
  };
}

function countUses(checked: Checked): ReadonlyMap<Checked, number> {
  const uses = new Map<Checked, number>();
  const visit = (part: Checked) => {
    const before = uses.get(part) ?? 0;
    uses.set(part, before + 1);
    if (before === 0) part.args.forEach(visit);
  };
  visit(checked);
  return uses;
}

function oncePerTurn<Row>(evaluate: Evaluator<Row>, turn: Turn): Evaluator<Row> {
  let computed = 0;
  let value: Value;
  return (row, clock) => {
    if (computed !== turn.number) {
      value = evaluate(row, clock);
      computed = turn.number;
    }
    return value;
  };
}

function evaluatorFor<Row>(checked: Checked, args: Evaluator<Row>[]): Evaluator<Row> {
  switch (checked.op) {
    case "const":
      return () => checked.value;
    case "now":
      return (_, { now }) => now ?? missingClock(checked);
    case "and":
      return every(args);
    case "or":
      return some(args);
    case "isNull":
      return (row, clock) => args[0](row, clock) === null;
    case "when":
      return choice(args);
    case "coalesce":
      return firstOf(args);
    case "concat":
      return joined(args);
    case "struct":
      return structOf(checked, args);
    case "in":
      return memberOf(checked.candidates!, args[0]);
    case "cast":
    case "tryCast":
      return castOf(checked, args[0]);
    default:
      return strict(checked, args);
  }
}

function missingClock(checked: Checked): never {
  throw faultOf(checked, "no time was given for now(); pass { now } in the context");
}

/** Operators that are null when an argument is. */
function strict<Row>(checked: Checked, args: Evaluator<Row>[]): Evaluator<Row> {
  if (args.length === 1) {
    const [arg] = args;
    const compute = strictOne(checked);
    return (row, clock) => {
      const value = arg(row, clock);
      return value === null ? null : compute(value);
    };
  }
  const [left, right] = args;
  const compute = strictTwo(checked);
  const { op, value: constant } = checked.args[1];
  if (op === "const" && constant !== null) {
    return (row, clock) => {
      const a = left(row, clock);
      return a === null ? null : compute(a, constant);
    };
  }
  return (row, clock) => {
    const a = left(row, clock);
    if (a === null) return null;
    const b = right(row, clock);
    return b === null ? null : compute(a, b);
  };
}

function strictTwo(checked: Checked): Strict2 {
  switch (checked.op) {
    case "startsWith":
      return (a, b) => (a as string).startsWith(b as string);
    case "endsWith":
      return (a, b) => (a as string).endsWith(b as string);
    case "contains":
      return (a, b) => (a as string).includes(b as string);
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "mod":
      return evaluateArithmetic(checked);
    default:
      return evaluateComparison(checked);
  }
}

// SQL's three values: what decides alone decides first, then null, and all else last
function every<Row>(args: Evaluator<Row>[]): Evaluator<Row> {
  return (row, clock) => {
    let result: boolean | null = true;
    for (const arg of args) {
      const value = arg(row, clock);
      if (value === false) return false;
      if (value === null) result = null;
    }
    return result;
  };
}

function some<Row>(args: Evaluator<Row>[]): Evaluator<Row> {
  return (row, clock) => {
    let result: boolean | null = false;
    for (const arg of args) {
      const value = arg(row, clock);
      if (value === true) return true;
      if (value === null) result = null;
    }
    return result;
  };
}

function choice<Row>(args: Evaluator<Row>[]): Evaluator<Row> {
  const last = args.length - 1;
  return (row, clock) => {
    for (let at = 0; at < last; at += 2) {
      if (args[at](row, clock) === true) return args[at + 1](row, clock);
    }
    return args[last](row, clock);
  };
}

function firstOf<Row>(args: Evaluator<Row>[]): Evaluator<Row> {
  return (row, clock) => {
    for (const arg of args) {
      const value = arg(row, clock);
      if (value !== null) return value;
    }
    return null;
  };
}

function joined<Row>(args: Evaluator<Row>[]): Evaluator<Row> {
  return (row, clock) => {
    let text = "";
    for (const arg of args) {
      const value = arg(row, clock);
      if (value === null) return null;
      text += value as string;
    }
    return text;
  };
}

function structOf<Row>(checked: Checked, args: Evaluator<Row>[]): Evaluator<Row> {
  const { fields } = checked.type as DataType & { kind: "struct" };
  const names = fields.map(({ name }) => name);
  return (row, clock) => {
    const value = {};
    for (let at = 0; at < args.length; at++) setOwn(value, names[at], args[at](row, clock));
    return value;
  };
}

function memberOf<Row>({ values, hasNull }: Candidates, arg: Evaluator<Row>): Evaluator<Row> {
  return (row, clock) => {
    const value = arg(row, clock);
    if (value === null) return null;
    return values.has(value) || (hasNull ? null : false);
  };
}

function castOf<Row>(checked: Checked, arg: Evaluator<Row>): Evaluator<Row> {
  const [{ type: from }] = checked.args;
  const convert = castBetween(from as DataType, checked.type as DataType)!;
  return (row, clock) => {
    const value = arg(row, clock);
    if (value === null) return null;
    const converted = convert(value);
    if (converted !== undefined) return converted;
    if (checked.op === "tryCast") return null;
    throw faultOf(
      checked,
      `${shown(value)} does not convert to ${checked.type.kind}; use tryCast() to get null`,
    );
  };
}
