import type { CommandContext } from "./command_context.ts";
import {
  durationMs,
  fraction,
  nameList,
  oneOf,
  positiveNumber,
  wholeMs,
  wholeNumber,
} from "./values.ts";

/** A flag of a command, such as `-o, --output <file>`. */
export interface Flag {
  /** As it is shown: short, long, and what it takes. */
  readonly flags: string;
  /** What it means. */
  readonly text: string;
  /** Reads what it takes; of one that may be given several times, after what was given before. */
  readonly read?: (text: string, before?: unknown) => unknown;
  /** All that it takes, where these are few. */
  readonly choices?: readonly string[];
  /** Whether it has to be given. */
  readonly isRequired?: boolean;
  /** Whether what it takes is a length of time, which commands have in ms, under a name with `Ms`. */
  readonly isDuration?: boolean;
}

/** A command, as the parser, its help, and the completions of shells are made from it. */
export interface CommandSpec {
  readonly name: string;
  /** What stands behind its name, such as `<data>`. */
  readonly operands: readonly string[];
  /** What it does. */
  readonly text: string;
  readonly flags: readonly Flag[];
  /** Calls that work, for the help. */
  readonly examples: readonly string[];
  run(operands: readonly string[], options: never, context: CommandContext): Promise<void>;
}

/** The long name of a flag: `--output`. */
export function longName({ flags }: Pick<Flag, "flags">): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}

/** The short name of a flag, if it has one: `-o`. */
export function shortName({ flags }: Pick<Flag, "flags">): string | undefined {
  return /(?:^|\s)(-[a-zA-Z])\b/.exec(flags)?.[1];
}

/** All names of a flag, for whoever has given either: `-n, --rows`. */
function allNames(flag: Pick<Flag, "flags">): string {
  const short = shortName(flag);
  return short === undefined ? longName(flag) : `${short}, ${longName(flag)}`;
}

/** What a flag takes: `file` of `--output <file>`. */
export function valueName({ flags }: Pick<Flag, "flags">): string | undefined {
  return /<([^>]+)>/.exec(flags)?.[1];
}

/** What a flag's value is called among the options of a command: `maxRows` of `--max-rows <rows>`. */
export function optionName(flag: Pick<Flag, "flags">): string {
  return longName(flag).slice(2).replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** A flag that is given or not. */
export function toggle(flags: string, text: string): Flag {
  return { flags, text };
}

/** A flag that takes text. */
export function text(flags: string, meaning: string): Flag {
  return { flags, text: meaning };
}

/** A flag that a command cannot do without. */
export function required(flag: Flag): Flag {
  return { ...flag, isRequired: true };
}

/** A flag that takes a whole number from `least` to `most`. */
export function whole(flags: string, meaning: string, least = 0, most?: number): Flag {
  const name = allNames({ flags });
  return { flags, text: meaning, read: (given) => wholeNumber(given, name, least, most) };
}

/** A flag that takes a number above 0. */
export function positive(flags: string, meaning: string): Flag {
  const name = allNames({ flags });
  return { flags, text: meaning, read: (given) => positiveNumber(given, name) };
}

/** A flag that takes a number from `least`. */
export function number(flags: string, meaning: string, least: number): Flag {
  const name = allNames({ flags });
  return { flags, text: meaning, read: (given) => fraction(given, name, least) };
}

/** A flag that takes a length of time. */
export function duration(flags: string, meaning: string): Flag {
  const name = allNames({ flags });
  return { flags, text: meaning, read: (given) => durationMs(given, name), isDuration: true };
}

/** A flag that takes a length of time in whole milliseconds from `least`. */
export function wholeDuration(flags: string, meaning: string, least: number): Flag {
  const name = allNames({ flags });
  const read = (given: string) => wholeMs(given, name, least);
  return { flags, text: meaning, read, isDuration: true };
}

/** A flag that takes names apart by commas. */
export function names(flags: string, meaning: string): Flag {
  const name = allNames({ flags });
  return { flags, text: meaning, read: (given) => nameList(given, name) };
}

/** A flag that may be given several times. */
export function list(flags: string, meaning: string): Flag {
  const read = (given: string, before: unknown) => [...before as string[] ?? [], given];
  return { flags, text: meaning, read };
}

/** A flag that takes one of a few words. */
export function choice(flags: string, meaning: string, choices: readonly string[]): Flag {
  const name = allNames({ flags });
  return { flags, text: meaning, choices, read: (given) => oneOf(given, name, choices) };
}
