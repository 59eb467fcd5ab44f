import type { CompletedCommand, CompletedFlag } from "./completed.ts";

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

function flagLine(command: string, { long, short, text, value }: CompletedFlag): string {
  const names = [...(short === undefined ? [] : [`-s ${short.slice(1)}`]), `-l ${long.slice(2)}`];
  const taken = value === undefined
    ? []
    : value.kind === "file"
    ? ["-r -F"]
    : value.kind === "words"
    ? [`-x -a ${quoted(value.words.join(" "))}`]
    : ["-x"];
  const parts = [...names, ...taken, `-d ${quoted(text)}`];
  return `complete -c waggle -n '__fish_seen_subcommand_from ${command}' ${parts.join(" ")}`;
}

function commandLines({ name, text, flags, operands }: CompletedCommand): string[] {
  const seen = `-n '__fish_seen_subcommand_from ${name}'`;
  const operand = operands.kind === "file"
    ? [`complete -c waggle ${seen} -F`]
    : operands.kind === "words"
    ? [`complete -c waggle ${seen} -a ${quoted(operands.words.join(" "))}`]
    : [];
  return [
    `complete -c waggle -n __fish_use_subcommand -a ${name} -d ${quoted(text)}`,
    ...operand,
    ...flags.map((flag) => flagLine(name, flag)),
  ];
}

/** The script by which fish completes `waggle`. */
export function fishCompletions(commands: readonly CompletedCommand[]): string {
  return [
    "# fish completions of waggle: waggle completions fish | source",
    "complete -c waggle -f",
    "complete -c waggle -n __fish_use_subcommand -s h -l help -d 'tell this'",
    "complete -c waggle -n __fish_use_subcommand -s V -l version -d 'tell the version'",
    ...commands.flatMap(commandLines),
    "",
  ].join("\n");
}
