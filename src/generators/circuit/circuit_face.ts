import { generatorKernel } from "../generator_kernel.ts";
import type { ModelFace } from "../model/model_face.ts";
import type { CircuitModel } from "../model/models.ts";
import { CircuitChooser } from "./circuit_choice.ts";
import { circuitDraws } from "./circuit_draws.ts";
import { CircuitFit } from "./circuit_fit.ts";
import { ConditionedCircuit } from "./conditioned_circuit.ts";
import { readCircuit, writeCircuit } from "./circuit_sections.ts";
import { updateCircuit } from "./circuit_update.ts";

/** Mixtures of hidden Chow-Liu trees. */
export const CIRCUIT: ModelFace<CircuitModel> = {
  fit: async (rows, options) =>
    await new CircuitChooser(rows, { kernel: generatorKernel(), ...options }).choose(),
  update: async (model, rows, options) =>
    await updateCircuit(generatorKernel(), { model, rows }, options),
  logLikelihoods: (model, rows) => {
    using fit = new CircuitFit(generatorKernel(), model);
    return fit.logLikelihoods(rows);
  },
  draws: circuitDraws,
  condition: (model, evidence) => new ConditionedCircuit(model, evidence),
  write: writeCircuit,
  read: readCircuit,
  describe: ({ components }) => {
    const trees = components.length === 1 ? "a hidden tree" : `${components.length} hidden trees`;
    return `${trees} of ${components[0].states} states a variable`;
  },
};
