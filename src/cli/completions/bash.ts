import type { Completed, CompletedCommand, CompletedFlag } from "./completed.ts";

function reply({ kind, words }: Completed): string {
  if (kind === "file") return '_waggle_files "$cur"';
  if (kind === "words") return `_waggle_words "$cur" ${words.join(" ")}`;
  return ":";
}

function namesOf({ long, short }: CompletedFlag): string {
  return short === undefined ? long : `${short}|${long}`;
}

function commandCase({ name, flags, operands }: CompletedCommand): string {
  const values = flags.flatMap((flag) =>
    flag.value ? [`      ${namesOf(flag)}) ${reply(flag.value)}; return ;;`] : []
  );
  const all = flags.flatMap(({ long, short }) => short === undefined ? [long] : [short, long]);
  return `  ${name})
    case "$prev" in
${values.join("\n")}
    esac
    if [[ "$cur" == -?* ]]; then _waggle_words "$cur" ${all.join(" ")}
    else ${reply(operands)}; fi ;;`;
}

/** The script by which bash completes `waggle`; it needs nothing but bash, and runs no command. */
export function bashCompletions(commands: readonly CompletedCommand[]): string {
  return `# bash completions of waggle: source <(waggle completions bash)
_waggle_words() {
  local cur=$1; shift
  COMPREPLY=($(compgen -W "$*" -- "$cur"))
}
_waggle_files() {
  local name
  COMPREPLY=()
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "\${1/#\\~\\//$HOME/}")
  compopt -o filenames 2>/dev/null
}
_waggle() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  if [[ "$cur" == = ]]; then cur=
  elif [[ "$prev" == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  if ((COMP_CWORD == 1)); then
    _waggle_words "$cur" ${commands.map(({ name }) => name).join(" ")} help --help --version
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map(commandCase).join("\n")}
  help) _waggle_words "$cur" ${commands.map(({ name }) => name).join(" ")} ;;
  esac
}
complete -F _waggle waggle
`;
}
