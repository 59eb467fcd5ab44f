import type { Completed, CompletedCommand, CompletedFlag } from "./completed.ts";

/** A text within single quotes, of what zsh takes apart by colons and brackets. */
function quoted(text: string): string {
  return text.replace(/[[\]:\\]/g, "\\$&").replaceAll("'", "'\\''");
}

function action({ kind, words }: Completed): string {
  if (kind === "file") return "_files";
  return kind === "words" ? `(${words.join(" ")})` : " ";
}

function flagArgument({ long, short, text, value }: CompletedFlag): string {
  const names = short === undefined ? long : `{${short},${long}}`;
  const excluded = short === undefined ? "" : `'(${short} ${long})'`;
  const taken = value ? `:${quoted(long.slice(2))}:${action(value)}` : "";
  return `${excluded}${names}'[${quoted(text)}]${taken}'`;
}

function commandCase({ name, flags, operands }: CompletedCommand): string {
  const operand = operands.kind === "nothing" ? [] : [`'*:${name}:${action(operands)}'`];
  const all = [...flags.map(flagArgument), ...operand].map((each) => `        ${each}`);
  return `      ${name})\n        _arguments -s -S \\\n${all.join(" \\\n")} ;;`;
}

/** The script by which zsh completes `waggle`: a file `_waggle` in its `fpath`, or sourced. */
export function zshCompletions(commands: readonly CompletedCommand[]): string {
  const described = commands.map(({ name, text }) => `    '${name}:${quoted(text)}'`);
  return `#compdef waggle
# zsh completions of waggle: source <(waggle completions zsh)
_waggle() {
  local -a commands
  commands=(
${described.join("\n")}
  )
  if ((CURRENT == 2)); then
    _describe -t commands command commands
    _arguments '(- *)'{-h,--help}'[tell this]' '(- *)'{-V,--version}'[tell the version]'
    return
  fi
  local command=\${words[2]}
  shift words
  ((CURRENT--))
  case "$command" in
${commands.map(commandCase).join("\n")}
      help) _describe -t commands command commands ;;
  esac
}
if [ "\${funcstack[1]}" = "_waggle" ]; then _waggle "$@"; else compdef _waggle waggle; fi
`;
}
