import { type CommandSpec, type Flag, longName, shortName, valueName } from "../command_spec.ts";

/** What stands in the place of a value. */
export type Completed = {
  readonly kind: "file" | "words" | "nothing";
  readonly words: readonly string[];
};

const FILES: ReadonlySet<string> = new Set(["file", "data", "model", "real", "synthetic"]);
const NOTHING: Completed = { kind: "nothing", words: [] };

/** How an operand, or what a flag takes, is completed, by what it is called. */
function completedAs(name: string | undefined): Completed {
  return name !== undefined && FILES.has(name) ? { kind: "file", words: [] } : NOTHING;
}

/** A flag as shells need it. */
export interface CompletedFlag {
  readonly long: string;
  readonly short?: string;
  readonly text: string;
  /** What it takes; absent where that is nothing. */
  readonly value?: Completed;
}

/** A command as shells need it. */
export interface CompletedCommand {
  readonly name: string;
  readonly text: string;
  readonly flags: readonly CompletedFlag[];
  /** What stands behind it. */
  readonly operands: Completed;
}

function completedFlag(flag: Flag): CompletedFlag {
  const short = shortName(flag);
  const name = valueName(flag);
  const { choices } = flag;
  const value: Completed = choices ? { kind: "words", words: choices } : completedAs(name);
  return {
    long: longName(flag),
    ...(short !== undefined && { short }),
    text: flag.text,
    ...(name !== undefined && { value }),
  };
}

const HELP: CompletedFlag = { long: "--help", short: "-h", text: "tell this" };

/** What can be completed of commands; of an operand that is one of some words these are given. */
export function completedCommands(
  commands: readonly CommandSpec[],
  shells: readonly string[],
): CompletedCommand[] {
  return commands.map(({ name, text, flags, operands }) => {
    const [operand] = operands.map((each) => each.replace(/[<>[\]]/g, ""));
    const ofShell: Completed = { kind: "words", words: shells };
    return {
      name,
      text,
      flags: [...flags.map(completedFlag), HELP],
      operands: operand === "shell" ? ofShell : completedAs(operand),
    };
  });
}
