import { INPUT_FORMATS, type InputFormat, type InputOptions } from "./input_flags.ts";

/** What stands for the standard input among files. */
export const STANDARD_INPUT = "-";

const INNER = /\.([A-Za-z0-9]+)(?:\.(?:gz|gzip|zst|zstd))?$/;
const FORMATS: Readonly<Record<string, InputFormat>> = {
  ...Object.fromEntries(INPUT_FORMATS.map((format) => [format, format])),
  jsonl: "ndjson",
};

function namedFormat(path: string): InputFormat | undefined {
  const [, extension = ""] = INNER.exec(path) ?? [];
  const known = extension.toLowerCase();
  return Object.hasOwn(FORMATS, known) ? FORMATS[known] : undefined;
}

/** Whether a file's name says that records are in it. */
export function isDataName(path: string): boolean {
  return namedFormat(path) !== undefined;
}

/** What is in a file, as far as its name says, or somebody does. */
export function knownFormat(
  path: string,
  { inputFormat }: Pick<InputOptions, "inputFormat">,
): InputFormat | undefined {
  return inputFormat ?? (path === STANDARD_INPUT ? "ndjson" : namedFormat(path));
}
