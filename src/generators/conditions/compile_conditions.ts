import type { Expr } from "../../batch/expressions/expr.ts";
import type { ExprNode } from "../../batch/expressions/node.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Encoding } from "../encoding/plans.ts";
import type { ConditionedModel } from "../model/model_face.ts";
import { faceOf } from "../model/model_kinds.ts";
import type { Model } from "../model/models.ts";
import { BlockSampler } from "../sampling/block_sampler.ts";
import { Atoms } from "./atoms.ts";
import { BoxFinder } from "./boxes.ts";
import { exprOf } from "./column_truth.ts";
import { ConditionFormulas } from "./condition_formula.ts";
import { evidenceOf, type RefinedEvidence } from "./evidence_of.ts";
import { Formulas, TRUE } from "./formula.ts";
import { impossible } from "./impossible.ts";
import { Refinement } from "./refinement.ts";
import { type PartedBoxes, partedBoxes } from "./sum_boxes.ts";

/** More groups of a lookup cost more than to draw rows again. */
const DRAWN_GROUPS = 64;
/** As many cost little where nothing is drawn. */
export const COUNTED_GROUPS = 256;

/** A model, and how its symbols are read. */
export interface Conditioned {
  readonly encoding: Encoding;
  readonly model: Model;
}

/** The boxes of conditions, and what of them boxes cannot say. */
interface Boxed {
  readonly parted: PartedBoxes;
  readonly refinement: Refinement;
  readonly inexact: readonly ExprNode[];
}

/** The parts that all have to hold. */
function conjuncts(node: ExprNode): readonly ExprNode[] {
  return node.op === "and" ? node.args.flatMap(conjuncts) : [node];
}

function boxed(encoding: Encoding, parts: readonly ExprNode[], groups: number): Boxed {
  const [formulas, atoms] = [new Formulas(), new Atoms()];
  const conditions = new ConditionFormulas(encoding, { formulas, atoms, groups });
  const all = parts.map((part) => ({ part, ...conditions.of(part) }));
  const refinement = new Refinement(encoding, atoms);
  const formula = formulas.all(all.map(({ formula }) => formula));
  const boxes = formula === TRUE ? [new Map()] : new BoxFinder(formulas, refinement).find(formula);
  const parted = partedBoxes(encoding, refinement, boxes);
  const inexact = parted.isExact
    ? all.filter(({ isExact }) => !isExact).map(({ part }) => part)
    : parts;
  return { parted, refinement, inexact };
}

/** Conditions, ready for drawing rows that satisfy them. */
export class CompiledConditions {
  readonly #of: Conditioned;
  readonly #model: ConditionedModel | undefined;
  readonly #evidence: RefinedEvidence;
  /** What rows have to be looked at for after they are drawn, if anything. */
  readonly filter: Expr | undefined;
  /** How likely a row is to be drawn at all, before it is looked at. */
  readonly drawn: number;

  /**
   * Compiles conditions over the columns of an encoding.
   *
   * @param groups Groups of the pairs of values that a lookup is by, at most: of more, rows are looked
   *   at after they are drawn.
   * @throws {TypeError} when they are about a column that is made.
   * @throws {RangeError} when no row can satisfy them, or they fall into too many boxes.
   */
  constructor(of: Conditioned, condition: Expr, groups: number = DRAWN_GROUPS) {
    this.#of = of;
    const { encoding, model } = of;
    const parts = conjuncts(condition.node);
    const { parted, refinement, inexact } = boxed(encoding, parts, groups);
    if (parted.boxes.length === 0) {
      throw impossible(
        encoding,
        parts,
        (some) => boxed(encoding, some, groups).parted.boxes.length > 0,
      );
    }
    this.#evidence = evidenceOf(encoding, refinement, parted);
    const isAll = this.#evidence.variables.size === 0;
    this.#model = isAll ? undefined : faceOf(model).condition?.(model, this.#evidence);
    const left = isAll || this.#model ? inexact : parts;
    if (left.length > 0) this.filter = exprOf({ op: "and", args: left });
    this.drawn = this.#model?.probability ?? 1;
    if (!(this.drawn > 0)) throw impossible(encoding, parts, () => true);
  }

  /** What draws rows, those that are to be looked at included; `base` draws them without conditions. */
  sampler(kernel: Kernel, base: BlockSampler): BlockSampler {
    const model = this.#model;
    if (!model) return base;
    return new BlockSampler(kernel, this.#of.encoding, this.#of.model, {
      base,
      draws: (own, of) => model.draws(own, of),
      columns: this.#evidence.columns,
    });
  }
}
