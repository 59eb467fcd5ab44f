import type { CommandContext } from "../command_context.ts";
import type { CommandSpec } from "../command_spec.ts";
import { modelInput } from "../model_input.ts";
import { terminalText } from "../terminal_text.ts";

/** Tells what a model has learned. */
export async function inspect(
  [model]: readonly string[],
  _options: object,
  context: CommandContext,
): Promise<void> {
  const generator = await modelInput(model, context);
  context.process.stdout.write(new TextEncoder().encode(`${terminalText(generator.describe())}\n`));
}

/** `waggle inspect`. */
export const INSPECT: CommandSpec = {
  name: "inspect",
  operands: ["<model>"],
  text: "tell what a model has learned",
  flags: [],
  examples: ["waggle inspect orders.waggle"],
  run: inspect,
};
