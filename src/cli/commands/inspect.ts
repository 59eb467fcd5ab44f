import type { CommandContext } from "../command_context.ts";
import { modelInput } from "../model_input.ts";
import { terminalText } from "../terminal_text.ts";

/** Tells what a model has learned. */
export async function inspectCommand(
  model: string,
  _options: object,
  context: CommandContext,
): Promise<void> {
  const generator = await modelInput(model, context);
  context.process.stdout.write(new TextEncoder().encode(`${terminalText(generator.describe())}\n`));
}
