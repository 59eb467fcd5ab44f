import type { Json } from "./model_face.ts";
import { faceOf } from "./model_kinds.ts";
import { SectionWriter } from "./model_sections.ts";
import type { Model } from "./models.ts";
import type { Twin } from "../twins/twin.ts";
import { writeTwin } from "../twins/twin_sections.ts";
import { writeVocabulary } from "./vocabulary_sections.ts";
import type { ColumnPlan, Encoding, NumberUnit } from "../encoding/plans.ts";

/** All that a model file holds. */
export interface SavedModel {
  readonly encoding: Encoding;
  readonly model: Model;
  /** How many rows there were. */
  readonly rows: number;
  /** How many of them it was learned from, where that is not all. */
  readonly sampled?: number;
  /** As how many rows what was learned counts in an update, where that is not as many. */
  readonly weight?: number;
  /** What is known of the stream, where it is a twin of one. */
  readonly twin?: Twin;
}

function writeUnit(unit: NumberUnit | undefined): Json {
  return unit ? { divisor: unit.divisor, whole: unit.whole } : {};
}

function writePlan(to: SectionWriter, plan: ColumnPlan): Json {
  const { kind, field } = plan;
  switch (plan.kind) {
    case "category": {
      const { values, sizes, weights, nulls, other, unit } = plan;
      const sections = { sizes: to.add(Int32Array.from(sizes)), weights: to.add(weights) };
      return {
        kind,
        field,
        ...writeVocabulary(to, values),
        ...sections,
        nulls,
        other,
        ...writeUnit(unit),
      };
    }
    case "number": {
      const parts = plan.parts.map(({ scale, knots }) => ({ scale, knots: to.add(knots) }));
      return {
        kind,
        field,
        parts,
        offset: plan.offset,
        nulls: plan.nulls,
        ...(plan.text && { text: plan.text }),
        ...writeUnit(plan.unit),
      };
    }
    case "lookup": {
      const choices = plan.choices.map(({ values, weights }) => ({
        values: to.add(values),
        weights: to.add(weights),
      }));
      const own = { by: plan.by, entries: to.add(plan.entries), choices };
      return { kind, field, ...writeVocabulary(to, plan.values), ...own, ...writeUnit(plan.unit) };
    }
    case "sum":
      return { kind, field, of: plan.of, ...writeUnit(plan.unit) };
    case "key":
      return { kind, field, maker: plan.maker };
    case "null":
      return { kind, field };
  }
}

/** The bytes of a model file. */
export function writeModelFile(saved: SavedModel): Uint8Array {
  const { encoding, model, rows, sampled, weight, twin } = saved;
  const to = new SectionWriter();
  const columns = encoding.columns.map((plan) => writePlan(to, plan));
  const own = { kind: model.kind, ...faceOf(model).write(model, to) };
  return to.file({
    rows,
    ...(sampled !== undefined && { sampled }),
    ...(weight !== undefined && { weight }),
    columns,
    model: own,
    ...(twin && { twin: writeTwin(to, twin) }),
  });
}
