import { CIRCUIT } from "../circuit/circuit_face.ts";
import { COPULA } from "../copula/copula_face.ts";
import type { ModelKind } from "../fit_options.ts";
import { INDEPENDENT } from "../independent/independent_face.ts";
import { TREES } from "../trees/trees_face.ts";
import type { ModelFace } from "./model_face.ts";
import type { Model } from "./models.ts";

/** Models of one kind. */
export type ModelOf<K extends ModelKind> = Extract<Model, { kind: K }>;

/** All that differs by the kind of model. */
export const MODEL_KINDS: { readonly [K in ModelKind]: ModelFace<ModelOf<K>> } = {
  circuit: CIRCUIT,
  independent: INDEPENDENT,
  trees: TREES,
  copula: COPULA,
};

/** What there is to be done with a model. */
export function faceOf<M extends Model>({ kind }: M): ModelFace<M> {
  return MODEL_KINDS[kind] as unknown as ModelFace<M>;
}

/** Whether there are models of this kind. */
export function isModelKind(kind: unknown): kind is ModelKind {
  return typeof kind === "string" && Object.hasOwn(MODEL_KINDS, kind);
}
