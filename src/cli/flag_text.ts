import { COMPARISON_SIGNS } from "../batch/expressions/comparison_signs.ts";
import { TYPE_NAMES } from "./column_types.ts";
import { type Flag, longName, optionName } from "./command_spec.ts";

/** What the library says in the words of its API, and what is said here. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/(pass|passing) badRecords: "skip"( or "deadLetter")?/g, "$1 --bad-records skip"],
  [/columns: \{ "?([^"{}:]+)"?: \{ type: \w+\.(\w+) \} \}/g, "--types $1=$2"],
  [
    /such as \{ time: "ts" \}, or set rateLimit or interval instead of speed/,
    "by waggle fit --time, or pass --rate-limit or --interval instead of --speed",
  ],
  [/give them by time, or declare the disorder, as in arrival: .*$/, "sort them by time"],
  [/to go on with it, stream with start: (\d+)/, "to go on with it, pass --start $1"],
  [/; records without a header need their schema: pass them to an AvroDecoder/, ""],
  [/^(cannot read the model .*?: )Cannot load model: /, "$1"],
  [/pass a file that save\(\) has written/, "make one by `waggle fit`"],
  [
    /give the format that it has \((.*?)\), or select a timestamp/,
    "say by --time-format which it has: $1",
  ],
  [/, or give the source a schema/, ""],
  [/: give the source a schema, or cast it/, ""],
  [
    /pass separator: "(.+?)", or separator: "," if it is one name/,
    "pass --separator '$1', or --separator ',' if it is one name",
  ],
  [/rename them, or give all names as the option header/, "rename them"],
  [/see to the option deadLetter/, "see to --dead-letters"],
  [/by writing to it with createTopic: true/, "by writing to it with --create-topic"],
  [
    /pass values: "avro" with a registry or an avroSchema/,
    "pass --schema-registry or --avro-schema",
  ],
  [/^Cannot create (StreamServer|WebSocketServerPublisher): /, "Cannot serve: "],
  [/^Cannot create WebSocketPublisher: uri /, "--websocket "],
  [/^Cannot create HttpPublisher: url /, "--http "],
  [/^Cannot create SchemaRegistry: url /, "--schema-registry "],
  [/^Cannot create (KafkaPublisher|kafkaSource): bootstrapServers must be/, "brokers are"],
  [/^Cannot create (KafkaPublisher|kafkaSource): topics? must be/, "the topic must be"],
  [/^Cannot create KafkaPublisher: /, "cannot write to Kafka: "],
  [/give that one's certificate as tls\.ca/, "give that one's certificate by --kafka-ca"],
  [/: leave out sasl, or/, ": leave out --kafka-user, or"],
  [/check bootstrapServers, and that/, "look whether that is the address, and whether"],
  [
    /pass a token, hostname: "127.0.0.1", or insecure: true if anybody may/,
    "pass --token, an address of this machine alone, or --insecure if anybody may",
  ],
  [/token must be (a text.*?), or an array of some/, "--token must be $1"],
  [/(Web pages of ")([^"]*)(" may not connect) \(option origins\)/, "$1$2$3; pass --origin $2"],
  [/ \(option hosts\)/, ""],
  [/origins are such/, "--origin is such"],
  [/; cast it first(, or take collect\(\) or reduce\(\), which are of anything)?/, ""],
  [
    /(the synthetic ones have no column "([^"]*)")(; .*)?$/,
    "$1$3; leave it out by --ignore '$2'",
  ],
];

/** Advice to give a column another type, as values that do not fit one are told of. */
const OTHER_TYPE =
  /(?:(correct it), )?give the column another type in (?:`schema` \(`mixed` takes anything\)|schema)(?:, or (correct the row|list it in nullValues))?/g;

/** Columns have other types by `--types`, of commands that take that. */
function plainTypes(message: string, flags: readonly Flag[]): string {
  const isTyped = flags.some((flag) => longName(flag) === "--types");
  return message.replace(OTHER_TYPE, (_, before = "", after = "") => {
    const correct = before || (after.startsWith("correct") ? after : "correct it");
    return isTyped
      ? `${correct}, or give the column another type by --types: ${TYPE_NAMES}`
      : correct;
  });
}

const COMPARED =
  /col\(("(?:[^"\\]|\\.)*")\)\.(eq|ne|gt|ge|lt|le)\(((?:"(?:[^"\\]|\\.)*"|[^()])*)\)/g;
const JOINED = /\.(and|or)\(((?:"(?:[^"\\]|\\.)*"|[^()])*)\)/g;

/** Conditions as people write them: `"wind" > 9`. */
function plainConditions(message: string): string {
  return message
    .replace(
      COMPARED,
      (_, column, operator, value) => `${column} ${COMPARISON_SIGNS[operator]} ${value}`,
    )
    .replace(JOINED, (_, word, inner) => ` ${word} ${inner}`);
}

const NAME = /"(?:[^"\\]|\\.)*"|[^\s"{},:]+/.source;
const IGNORED = `(${NAME}): (?:"ignore"|\\{ role: "ignore" \\})`;
const IGNORED_COLUMN = new RegExp(IGNORED, "g");
const IGNORED_COLUMNS = new RegExp(
  `with columns: \\{ ${IGNORED}(?:, ${IGNORED})* \\}(?:, or select (?:its|their) parts as columns)?`,
  "g",
);

/** Columns to leave out as the list that `--ignore` takes. */
function plainIgnored(message: string): string {
  return message.replace(IGNORED_COLUMNS, (all) => {
    const names = Array.from(all.matchAll(IGNORED_COLUMN), ([, name]) => name);
    return `by --ignore '${names.map((name) => name.replace(/^"(.*)"$/, "$1")).join(",")}'`;
  });
}

function shellWord(value: string): string {
  const text = value.replace(/^"(.*)"$/, "$1");
  return /^[\w.:/@%+-]+$/.test(text) ? text : `'${text}'`;
}

/** Options of the API as the flags that they are: `maxRows` is `--max-rows`. */
function withFlags(message: string, flags: readonly Flag[]): string {
  const byName = new Map(flags.map((flag) => [optionName(flag), longName(flag)]));
  return message
    .replace(/\{ (\w+): ("[^"]*"|[\w.]+) \}/g, (all, name, value) => {
      const flag = byName.get(name);
      return flag === undefined ? all : `${flag} ${shellWord(value)}`;
    })
    .replace(/\b([a-z]+[A-Z]\w*): ("[^"]*"|[\w.]+)/g, (all, name, value) => {
      const flag = byName.get(name);
      return flag === undefined ? all : value === "true" ? flag : `${flag} ${shellWord(value)}`;
    })
    .replace(/(?<!["'\w.-])[a-z]+[A-Z]\w*(?!["'\w])/g, (name) => byName.get(name) ?? name);
}

/** Advice about options that have no flag helps nobody here. */
function withoutOptions(message: string): string {
  return message
    .replace(/[,;] or (?:pass|set|give) \w+: (?:"[^"]*"|[\w.]+)/g, "")
    .replace(/[,;] (?:or )?(?:pass|set|raise|give|make) [a-z]+[A-Z]\w*( to \w+| if [^;,]*)?/g, "");
}

/**
 * A message of the library in the words of the command line: with flags in the place of options, and
 * without advice that only programs can follow.
 *
 * @param flags Those of the command that was called.
 */
export function flagText(message: string, flags: readonly Flag[]): string {
  const typed = plainTypes(message, flags);
  const said = PHRASES.reduce((text, [phrase, words]) => text.replace(phrase, words), typed);
  return withoutOptions(withFlags(plainIgnored(plainConditions(said)), flags));
}
