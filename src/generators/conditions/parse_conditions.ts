import { col, lit } from "../../batch/expressions/builders.ts";
import { typeOf } from "../../batch/expressions/check.ts";
import { type Expr, isExpression } from "../../batch/expressions/expr.ts";
import { expressionFromJson } from "../../batch/expressions/json.ts";
import { argsOf, columnNames, type ExprNode } from "../../batch/expressions/node.ts";
import { noSuchColumn } from "../../batch/no_such_column.ts";
import type { Field, Schema } from "../../batch/schema.ts";
import { typeName } from "../../batch/schema_check.ts";
import { showName } from "../../batch/shown_names.ts";
import { nearestName } from "../../runtime/known_options.ts";
import { constantFor, shown, type TimeTexts } from "./condition_values.ts";
import { type Conditions, isPlain } from "./conditions.ts";

const MOST_LEVELS = 64;
const OPERATORS = [
  ...["=", "!=", "<", "<=", ">", ">=", "between", "not between", "in", "not in", "like"],
  ...["not like", "is null", "is not null"],
];
const EXAMPLE = '{ segment: "premium", value: [">", 10000] }';

/** A column, and how values become what it is compared with. */
interface ComparedColumn extends Field {
  readonly constant: (value: unknown) => Expr;
}

function comparedColumn(field: Field, texts?: TimeTexts): ComparedColumn {
  return { ...field, constant: (value) => constantFor(field, value, texts) };
}

function fault(why: string): TypeError {
  return new TypeError(`Cannot compile conditions: ${why}`);
}

function allOf(parts: readonly Expr[]): Expr {
  return parts.length === 0
    ? lit(true)
    : parts.length === 1
    ? parts[0]
    : parts[0].and(...parts.slice(1));
}

function anyOf(parts: readonly Expr[]): Expr {
  return parts.length === 0
    ? lit(false)
    : parts.length === 1
    ? parts[0]
    : parts[0].or(...parts.slice(1));
}

/** The operands of an operator, of which it takes a certain number. */
function operands(
  field: ComparedColumn,
  test: readonly unknown[],
  count: number,
): readonly unknown[] {
  if (test.length === count + 1) return test.slice(1);
  const [takes, got] = [
    count === 1 ? "one value" : count === 0 ? "none" : "two values",
    test.length - 1,
  ];
  throw fault(
    `${showName(String(test[0]))} of column ${
      showName(field.name)
    } takes ${takes}, received ${got}`,
  );
}

function memberOf(field: ComparedColumn, test: readonly unknown[]): Expr {
  const [values] = operands(field, test, 1);
  if (!Array.isArray(values)) {
    throw fault(
      `${showName(String(test[0]))} of column ${showName(field.name)} takes an array of values, ` +
        `received ${shown(values)}`,
    );
  }
  if (values.length === 0 && test[0] === "in") {
    throw new RangeError(
      `Cannot compile conditions: no row can satisfy "in" of column ${
        showName(field.name)
      }, which ` +
        `takes at least one value, received an empty array`,
    );
  }
  const column = col(field.name);
  const present = values.filter((value) => value !== null);
  if (field.type.kind === "decimal") {
    return orNull(
      anyOf(present.map((value) => column.eq(field.constant(value)))),
      field,
      values,
    );
  }
  const constants = present.map((value) => field.constant(value));
  return orNull(constants.length === 0 ? lit(false) : column.in(constants as never), field, values);
}

/** Null is found among values of which it is one. */
function orNull(found: Expr, { name }: ComparedColumn, values: readonly unknown[]): Expr {
  return values.includes(null) ? col(name).isNull().or(found) : found;
}

function notMember(field: ComparedColumn, test: readonly unknown[]): Expr {
  const [values] = operands(field, test, 1);
  const member = memberOf(field, test).not();
  // a row without a value is in no list, and outside of none
  return Array.isArray(values) && values.includes(null)
    ? col(field.name).isNotNull().and(member)
    : member;
}

function likeOf(field: ComparedColumn, test: readonly unknown[]): Expr {
  const [pattern] = operands(field, test, 1);
  const isText = field.type.kind === "utf8" || field.type.kind === "dict";
  if (isText && typeof pattern === "string") return col<string>(field.name).like(pattern);
  throw fault(
    isText
      ? `"like" of column ${showName(field.name)} takes a pattern such as "A%", received ${
        shown(pattern)
      }`
      : `column ${showName(field.name)} is ${typeName(field.type)}, and "like" is for texts; use ` +
        `"between" or "in"`,
  );
}

function comparison(field: ComparedColumn, test: readonly unknown[]): Expr {
  const [value] = operands(field, test, 1);
  const constant = field.constant(value);
  const column = col(field.name);
  switch (String(test[0])) {
    case "=":
      return column.eq(constant);
    case "!=":
      return column.ne(constant);
    case "<":
      return column.lt(constant);
    case "<=":
      return column.le(constant);
    case ">":
      return column.gt(constant);
    default:
      return column.ge(constant);
  }
}

function between(field: ComparedColumn, test: readonly unknown[]): Expr {
  const [low, high] = operands(field, test, 2).map((value) => field.constant(value));
  return col(field.name).between(low, high);
}

function testOf(field: ComparedColumn, test: readonly unknown[]): Expr {
  switch (test[0]) {
    case "between":
      return between(field, test);
    case "not between":
      return between(field, test).not();
    case "in":
      return memberOf(field, test);
    case "not in":
      return notMember(field, test);
    case "like":
      return likeOf(field, test);
    case "not like":
      return likeOf(field, test).not();
    case "is null":
    case "is not null": {
      operands(field, test, 0);
      const is = col(field.name).isNull();
      return test[0] === "is null" ? is : is.not();
    }
  }
  if (OPERATORS.includes(test[0] as string)) return comparison(field, test);
  const meant = typeof test[0] === "string" ? operatorLike(test[0]) : undefined;
  throw fault(
    `column ${showName(field.name)} has an array that does not begin with an operator, but with ` +
      `${shown(test[0])}; ` +
      (meant ? `did you mean ${showName(meant)}?` : `for one of several values write ["in", […]]`),
  );
}

function operatorLike(given: string): string | undefined {
  const isWord = /^[a-z]/i;
  const alike = OPERATORS.filter((each) => isWord.test(each) === isWord.test(given));
  return given.length < 2 && isWord.test(given) ? undefined : nearestName(given, alike);
}

/** Reads conditions of the columns of a schema. */
class Parser {
  readonly #fields: ReadonlyMap<string, ComparedColumn>;
  readonly #schema: Schema;

  constructor(schema: Schema, texts?: ReadonlyMap<string, TimeTexts>) {
    this.#schema = schema;
    this.#fields = new Map(
      schema.fields.map((field) => [field.name, comparedColumn(field, texts?.get(field.name))]),
    );
  }

  rows(given: unknown, level = 1): Expr {
    checkLevel(level);
    if (isExpression(given)) return this.#expression(given);
    if (!isPlain(given)) {
      throw fault(
        `they are an object such as ${EXAMPLE}, or an expression, received ${shown(given)}`,
      );
    }
    if (typeof given.op === "string" && !this.#fields.has("op")) {
      return this.#expression(expressionFromJson(given));
    }
    return allOf(Object.keys(given).map((name) => this.#entry(name, given[name], level)));
  }

  #entry(name: string, value: unknown, level: number): Expr {
    if (name === "not" && (isPlain(value) || isExpression(value))) {
      return this.rows(value, level + 1).not();
    }
    const several = Array.isArray(value) &&
      value.every((each) => isPlain(each) || isExpression(each));
    if ((name === "anyOf" || name === "allOf") && several) {
      const parts = value.map((each) => this.rows(each, level + 1));
      return name === "anyOf" ? anyOf(parts) : allOf(parts);
    }
    return this.#column(this.#field(name), value, level + 1);
  }

  #field(name: string): ComparedColumn {
    const field = this.#fields.get(name);
    if (field !== undefined) return field;
    const names = [...this.#fields.keys()];
    const meant = nearestName(name, names);
    if (meant === undefined) {
      throw noSuchColumn(name, { doing: "compile conditions of", fields: this.#schema.fields });
    }
    throw fault(`there is no column ${showName(name)}; did you mean ${showName(meant)}?`);
  }

  #column(field: ComparedColumn, given: unknown, level: number): Expr {
    checkLevel(level);
    if (given === null) return col(field.name).isNull();
    if (Array.isArray(given)) return testOf(field, given);
    if (isPlain(given)) return this.#nested(field, given, level);
    return col(field.name).eq(field.constant(given));
  }

  #nested(field: ComparedColumn, given: Readonly<Record<string, unknown>>, level: number): Expr {
    const [[name, value] = ["", undefined], ...more] = Object.entries(given);
    const one = (each: unknown) => this.#column(field, each, level + 1);
    if (more.length === 0 && name === "not") return one(value).not();
    if (more.length === 0 && Array.isArray(value)) {
      if (name === "anyOf") return anyOf(value.map(one));
      if (name === "allOf") return allOf(value.map(one));
    }
    throw fault(
      `an object for column ${showName(field.name)} is one of { anyOf: […] }, { allOf: […] } and ` +
        `{ not: … }, received one with ${shown(Object.keys(given).join(", "))}`,
    );
  }

  #expression(expression: Expr): Expr {
    columnNames(expression.node).forEach((name) => this.#field(name));
    if (usesClock(expression.node)) {
      throw fault("now() depends on the clock, and rows are not to; put a Date in its place");
    }
    const type = typeOf(expression, this.#schema);
    if (type.kind === "bool" || isNull(expression.node)) return expression;
    throw fault(
      `${expression} is ${
        typeName(type)
      }, and a condition is true or false; compare it with something`,
    );
  }
}

function isNull(node: ExprNode): boolean {
  return node.op === "lit" && node.value === null;
}

function usesClock(node: ExprNode): boolean {
  return node.op === "now" || argsOf(node).some(usesClock);
}

function checkLevel(level: number): void {
  if (level > MOST_LEVELS) throw fault(`they are nested deeper than ${MOST_LEVELS} levels`);
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TypeError(
      `Cannot compile conditions: as text they are JSON such as {"segment": "premium"}: ` +
        `${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * Reads conditions in any notation as one expression over the columns, which is true for the rows
 * that satisfy them.
 *
 * @param texts How times are written, by the names of columns whose times are texts in rows.
 * @throws {TypeError} when they are none, name a column that is not there, or an operator or value
 *   does not fit its column's type.
 */
export function parseConditions(
  given: Conditions,
  schema: Schema,
  texts?: ReadonlyMap<string, TimeTexts>,
): Expr {
  return new Parser(schema, texts).rows(typeof given === "string" ? fromJson(given) : given);
}
