import type { CommandContext } from "../command_context.ts";
import type { CommandSpec } from "../command_spec.ts";
import { bashCompletions } from "../completions/bash.ts";
import { type CompletedCommand, completedCommands } from "../completions/completed.ts";
import { fishCompletions } from "../completions/fish.ts";
import { zshCompletions } from "../completions/zsh.ts";
import { oneOf } from "../values.ts";

const SHELLS: Readonly<Record<string, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

/** `waggle completions`, of all commands. */
export function completionsOf(all: () => Promise<readonly CommandSpec[]>): CommandSpec {
  return {
    name: "completions",
    operands: ["<shell>"],
    text: "write what has a shell complete commands and flags: bash, zsh or fish",
    flags: [],
    examples: [
      "source <(waggle completions bash)    # in ~/.bashrc, or zsh in ~/.zshrc",
      "waggle completions fish > ~/.config/fish/completions/waggle.fish",
    ],
    async run([shell]: readonly string[], _options: object, context: CommandContext) {
      const shells = Object.keys(SHELLS);
      const known = oneOf(shell, "completions", shells);
      const script = SHELLS[known](completedCommands(await all(), shells));
      context.process.stdout.write(new TextEncoder().encode(script));
    },
  };
}
