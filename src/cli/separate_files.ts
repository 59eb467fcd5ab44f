import { STANDARD_INPUT } from "./input_format.ts";
import type { CommandContext } from "./command_context.ts";
import { isKafkaAddress } from "./kafka/kafka_address.ts";
import { UsageError } from "./usage_error.ts";

/** The files of a call, where they are given. */
export interface GivenFiles {
  /** What is read. */
  readonly read: readonly (string | undefined)[];
  /** What is written, by the flags that say so. */
  readonly written: Readonly<Record<string, string | undefined>>;
}

/** A file, with all that says which one it is. */
interface KnownFile {
  readonly path: string;
  readonly identity?: string;
  /** The flag that it is written by. */
  readonly flag?: string;
}

/** A path without what leads nowhere: `./a//b` is `a/b`. */
function plainPath(path: string): string {
  const parts = path.split("/");
  return parts.filter((part, i) => part !== "." && (part !== "" || i === 0)).join("/");
}

function isSame(one: KnownFile, other: KnownFile): boolean {
  return plainPath(one.path) === plainPath(other.path) ||
    (one.identity !== undefined && one.identity === other.identity);
}

/** A file at a path; none of a topic, nor of a device or a pipe, which nothing replaces. */
async function knownFile(
  path: string | undefined,
  { runtime }: CommandContext,
  flag?: string,
): Promise<KnownFile[]> {
  if (path === undefined || isKafkaAddress(path)) return [];
  const named = { path, ...(flag !== undefined && { flag }) };
  // What cannot be looked at is told of by whoever reads or writes it.
  const status = await runtime.fileStatus(path).catch(() => undefined);
  if (status === undefined || status.kind === "nothing") return [named];
  const { kind, identity } = status;
  return kind === "file" ? [{ ...named, ...(identity !== undefined && { identity }) }] : [];
}

function refusal({ path, flag }: KnownFile, other: KnownFile): UsageError {
  if (other.flag !== undefined) {
    return new UsageError(
      `cannot write ${path} for ${flag}: it is the file of ${other.flag} too, and one would replace ` +
        `the other; give another ${flag}`,
    );
  }
  const name = plainPath(path) === plainPath(other.path) ? "" : `${other.path} by another name, `;
  return new UsageError(
    `cannot write ${path}: it is ${name}what is read, and would be replaced; give another ${flag}`,
  );
}

/**
 * Checks that nothing is written in the place of what is read, or of what else is written, whatever
 * links lead there: neither is what anybody means, `--force` or not.
 *
 * @throws {UsageError} that names the file, when it would be.
 */
export async function checkSeparate(
  { read, written }: GivenFiles,
  context: CommandContext,
): Promise<void> {
  const inputs = read.filter((path) => path !== STANDARD_INPUT);
  const known = (await Promise.all(inputs.map((path) => knownFile(path, context)))).flat();
  for (const [flag, path] of Object.entries(written)) {
    for (const file of await knownFile(path, context, flag)) {
      const other = known.find((each) => isSame(each, file));
      if (other) throw refusal(file, other);
      known.push(file);
    }
  }
}
