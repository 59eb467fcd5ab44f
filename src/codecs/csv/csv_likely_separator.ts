import { listNames } from "../../batch/shown_names.ts";
import { Malformed } from "../malformed.ts";

/** What stands between fields where it is no comma; names of columns rarely hold one. */
const OTHERS = [";", "\t", "|"] as const;

/** Which of the separators that files have instead of a comma is most often in a text, if any is. */
function likelySeparator(text: string): string | undefined {
  const counts = OTHERS.map((separator) => text.split(separator).length - 1);
  const most = Math.max(...counts);
  return most === 0 ? undefined : OTHERS[counts.indexOf(most)];
}

/**
 * Refuses a header that was split by commas, which nobody had asked for, and is one field that
 * holds another separator: all records would be a single column, without a word.
 *
 * @throws {Malformed} when it is such a header.
 */
export function checkSeparator(name: string): void {
  const separator = likelySeparator(name);
  if (separator === undefined) return;
  const given = JSON.stringify(separator);
  throw new Malformed(
    `it has no comma, and ${listNames([name])} looks like names with ${given} between them`,
    `pass separator: ${given}, or separator: "," if it is one name`,
  );
}
