import { evaluateRow } from "../../batch/expressions/evaluate_row.ts";
import { columnNames, type ExprNode } from "../../batch/expressions/node.ts";
import { showName } from "../../batch/shown_names.ts";
import type { ColumnPlan, Encoding, LookupPlan, NumberPlan, SumPlan } from "../encoding/plans.ts";
import type { Atoms } from "./atoms.ts";
import { exprOf, listedTruths, truthOf } from "./column_truth.ts";
import { FALSE, type Formula, type Formulas, TRUE } from "./formula.ts";
import { type FormulaParts, LookupConditions } from "./lookup_condition.ts";
import { NumberConditions } from "./number_condition.ts";
import { sumFormula } from "./sum_condition.ts";

/** A condition as a formula over variables. */
export interface ConditionFormula {
  /** Holds wherever the condition does. */
  readonly formula: Formula;
  /** Whether it holds nowhere else. */
  readonly isExact: boolean;
}

/** Turns conditions into formulas over the variables of an encoding. */
export class ConditionFormulas {
  readonly #encoding: Encoding;
  readonly #formulas: Formulas;
  readonly #atoms: Atoms;
  readonly #columns: ReadonlyMap<string, number>;
  readonly #lookups: LookupConditions;
  #isExact = true;

  /** Over an encoding's variables. */
  constructor(encoding: Encoding, parts: FormulaParts) {
    this.#encoding = encoding;
    this.#formulas = parts.formulas;
    this.#atoms = parts.atoms;
    this.#lookups = new LookupConditions(encoding, parts);
    this.#columns = new Map(encoding.columns.map(({ field }, at) => [field.name, at]));
  }

  /**
   * The formula of a condition; what it cannot say of single columns is left out of it.
   *
   * @throws {TypeError} when a column has no values that could be conditioned on.
   */
  of(node: ExprNode): ConditionFormula {
    this.#isExact = true;
    const formula = this.#formula(node, true);
    return { formula, isExact: this.#isExact };
  }

  /** Where the condition is `wanted`: negations are pushed down, so that null is neither. */
  #formula(node: ExprNode, wanted: boolean): Formula {
    switch (node.op) {
      case "and":
      case "or": {
        const parts = node.args.map((each) => this.#formula(each, wanted));
        return (node.op === "and") === wanted
          ? this.#formulas.all(parts)
          : this.#formulas.any(parts);
      }
      case "not":
        return this.#formula(node.args[0], !wanted);
    }
    const names = columnNames(node);
    if (names.length === 0) return evaluateRow(exprOf(node), {}) === wanted ? TRUE : FALSE;
    if (names.length === 1) return this.#column(node, this.#columns.get(names[0])!, wanted);
    names.forEach((name) => refuseKey(this.#encoding.columns[this.#columns.get(name)!]));
    this.#isExact = false;
    return TRUE;
  }

  #column(node: ExprNode, at: number, wanted: boolean): Formula {
    const plan = this.#encoding.columns[at];
    if (node.op === "between" && (plan.kind === "number" || plan.kind === "sum")) {
      const [value, low, high] = node.args;
      const sides: ExprNode[] = [{ op: "ge", args: [value, low] }, {
        op: "le",
        args: [value, high],
      }];
      return this.#formula({ op: "and", args: sides }, wanted);
    }
    refuseKey(plan);
    switch (plan.kind) {
      case "category": {
        const truths = listedTruths(node, plan, wanted);
        return this.#list(plan.variable, truths, plan.nulls);
      }
      case "number":
        return this.#number(node, plan, wanted);
      case "lookup":
        return this.#lookup(node, plan, at, wanted);
      case "sum":
        return this.#sum(node, plan, wanted);
      default:
        return truthOf(node, plan.field)(null) === wanted ? TRUE : FALSE;
    }
  }

  #list(variable: number, truths: Uint8Array, nulls: boolean): Formula {
    const present = nulls ? truths : truths.subarray(1);
    if (!present.includes(1)) return FALSE;
    if (!present.includes(0)) return TRUE;
    return this.#formulas.atom(variable, this.#atoms.add(variable, { kind: "list", truths }));
  }

  #number(node: ExprNode, plan: NumberPlan, wanted: boolean): Formula {
    const { variable } = plan.parts[0];
    const atom = (ranges: readonly [number, number][], isNull: boolean) =>
      this.#formulas.atom(
        variable,
        this.#atoms.add(variable, { kind: "number", ranges, null: isNull }),
      );
    const ofNull = plan.nulls && truthOf(node, plan.field)(null) === wanted;
    if (node.op === "isNull") {
      if (!plan.nulls) return wanted ? FALSE : TRUE;
      return wanted ? atom([], true) : atom([[-Infinity, Infinity]], false);
    }
    const conditions = new NumberConditions(plan);
    const ranges = conditions.ranges(node, wanted);
    if (!ranges) {
      this.#isExact = false;
      return TRUE;
    }
    const present = conditions.formula(ranges, this.#formulas, this.#atoms);
    return ofNull ? this.#formulas.any([present, atom([], true)]) : present;
  }

  #sum(node: ExprNode, plan: SumPlan, wanted: boolean): Formula {
    if (node.op === "isNull") return wanted ? FALSE : TRUE;
    const parts = { formulas: this.#formulas, atoms: this.#atoms };
    const { formula, isExact } = sumFormula(this.#encoding, { plan, node, wanted }, parts);
    if (!isExact) this.#isExact = false;
    return formula;
  }

  #lookup(node: ExprNode, plan: LookupPlan, at: number, wanted: boolean): Formula {
    const truths = listedTruths(node, plan, wanted);
    const { formula, isExact } = this.#lookups.of(plan, { column: at, truths });
    if (!isExact) this.#isExact = false;
    return formula;
  }
}

function refuseKey({ kind, field }: ColumnPlan): void {
  if (kind !== "key") return;
  throw new TypeError(
    `Cannot compile conditions: the values of column ${showName(field.name)} are made and not ` +
      `learned, so that no two are alike; put the conditions on other columns`,
  );
}
