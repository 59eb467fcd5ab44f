import type { Json } from "./model_face.ts";
import { faceOf } from "./model_kinds.ts";
import { SectionWriter } from "./model_sections.ts";
import type { Model } from "./models.ts";
import type { ColumnPlan, Encoding, NumberUnit, Vocabulary } from "../encoding/plans.ts";

/** All that a model file holds. */
export interface SavedModel {
  readonly encoding: Encoding;
  readonly model: Model;
  /** How many rows it was learned from. */
  readonly rows: number;
}

function writeVocabulary(to: SectionWriter, values: Vocabulary): Json {
  if (values.kind === "numbers") return { numbers: to.add(values.numbers) };
  const texts = values.texts.map((text) => new TextEncoder().encode(text));
  const offsets = new Int32Array(texts.length + 1);
  texts.forEach((text, at) => offsets[at + 1] = offsets[at] + text.length);
  const bytes = new Uint8Array(offsets[texts.length]);
  texts.forEach((text, at) => bytes.set(text, offsets[at]));
  return { texts: to.add(bytes), offsets: to.add(offsets) };
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
    case "key":
      return { kind, field, maker: plan.maker };
    case "null":
      return { kind, field };
  }
}

/** The bytes of a model file. */
export function writeModelFile({ encoding, model, rows }: SavedModel): Uint8Array {
  const to = new SectionWriter();
  const columns = encoding.columns.map((plan) => writePlan(to, plan));
  return to.file({ rows, columns, model: { kind: model.kind, ...faceOf(model).write(model, to) } });
}
