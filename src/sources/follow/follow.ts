import { MAX_RECORD_BYTES } from "../../codecs/limits.ts";
import { checkPositive, checkWord } from "../../codecs/option_checks.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { filePath } from "../../runtime/file_path.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { Follower } from "./follower.ts";

const DEFAULT_POLL_MS = 250;
/** Hidden files, those that are being written or are somebody's scratch, and compressed ones. */
const DEFAULT_MATCH = /^(?!\.)(?!.*(?:\.(?:part|tmp|swp|gz|gzip|zst|zstd|bz2|xz|zip)|~)$)/i;

/** Options of {@linkcode follow}. */
export interface FollowOptions {
  /**
   * Which files of a folder, by their names. Default: all but those that begin with a dot or end in
   * `.part`, `.tmp`, `.swp`, `~`, or what compressed files end in.
   */
  match?: RegExp;
  /**
   * From where files are read that are there when it begins: their start (default) or their end, which
   * is where their last line begins. Files that come later are read from their start.
   */
  from?: "start" | "end";
  /**
   * Lines at the start of each file that name its columns: 1 for CSV with a header, so that only the
   * first file's stands in the bytes. Default 0.
   */
  headerLines?: number;
  /** How often it is looked whether there is more. Default `"250ms"`. */
  pollInterval?: Duration;
  /** Ends when nothing new was written for so long. Default: never. */
  idleTimeout?: Duration;
  /** Ends it, as if nothing more would come, when aborted. */
  signal?: AbortSignal;
  /** The most bytes of a line. Default 16 MiB. */
  maxLineBytes?: number;
  /** Files and clocks. Default: those of the machine. */
  runtime?: Runtime;
}

/** What is followed, and how. */
export interface FollowSettings {
  readonly path: string;
  readonly match: RegExp;
  readonly from: "start" | "end";
  readonly headerLines: number;
  readonly pollMs: number;
  readonly idleMs: number;
  readonly signal: AbortSignal | undefined;
  readonly maxLineBytes: number;
  readonly runtime: Runtime;
}

const OPTIONS: OptionRule<FollowOptions> = {
  doing: "follow files",
  names: {
    match: true,
    from: true,
    headerLines: true,
    pollInterval: true,
    idleTimeout: true,
    signal: true,
    maxLineBytes: true,
    runtime: true,
  },
  example: '{ idleTimeout: "10s" }',
};

function settingsOf(path: string | URL, options: FollowOptions): FollowSettings {
  const given = knownOptions(options, OPTIONS);
  const { match = DEFAULT_MATCH, from = "start", headerLines = 0, signal } = given;
  const { pollInterval = DEFAULT_POLL_MS, idleTimeout } = given;
  const { maxLineBytes = MAX_RECORD_BYTES, runtime = denoRuntime } = given;
  if (!(match instanceof RegExp)) {
    throw new TypeError(`Cannot follow files: match must be a RegExp, received ${received(match)}`);
  }
  checkWord("from", from, ["start", "end"], "follow files");
  if (!(Number.isInteger(headerLines) && headerLines >= 0)) {
    throw new RangeError(
      `Cannot follow files: headerLines must be a whole number, received ${received(headerLines)}`,
    );
  }
  checkPositive("maxLineBytes", maxLineBytes, "follow files");
  const idleMs = idleTimeout === undefined ? Infinity : milliseconds(idleTimeout, "idleTimeout");
  const pollMs = milliseconds(pollInterval, "pollInterval", { least: 1 });
  return {
    ...{ path: filePath(path), match, from, headerLines, signal },
    ...{ pollMs, idleMs, maxLineBytes, runtime },
  };
}

/**
 * The bytes of a file that grows, or of the files of a folder in which more and more are written, in
 * whole lines: for `ndjson()` and `csv()`, which take it in the place of a path.
 *
 * What is there is read file by file, in the order of their names (by UTF-16 code units), then what is
 * added to any of them as it is written. A file that is renamed (rotated) is read to its end and not
 * again under its new name, and what takes its name is read from the start; so is a file that was cut
 * off. A line without an end is given when its file is gone, was cut off, or the following has ended.
 * Folders within are not looked into. Each run follows anew. Needs `--allow-read` of the folder.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be. What reads the bytes gets a
 *   {@linkcode FileSourceError} when there is no such file or folder, or it cannot be read.
 *
 * @example
 * ```ts
 * import { follow, from, ndjson } from "@waggle/stream";
 *
 * const folder = Deno.makeTempDirSync();
 * Deno.writeTextFileSync(`${folder}/a.ndjson`, '{"bird":"gull"}\n');
 * Deno.writeTextFileSync(`${folder}/b.ndjson`, '{"bird":"tern"}\n');
 * const birds = from(ndjson(follow(folder, { idleTimeout: "50ms" })), { workers: 1 });
 * for await (const { bird } of birds) console.log(bird); // gull, then tern
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export function follow(
  path: string | URL,
  options: FollowOptions = {},
): AsyncIterable<Uint8Array> {
  if (typeof path !== "string" && !(path instanceof URL) || path === "") {
    throw new TypeError(
      `Cannot follow files: it takes the path of a file or folder, received ${received(path)}`,
    );
  }
  const settings = settingsOf(path, options);
  return { [Symbol.asyncIterator]: () => new Follower(settings) };
}
