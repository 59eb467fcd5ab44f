/** A name may come with the data, and be as long as a record: of more characters some are shown. */
const SHOWN_CHARACTERS = 100;
const LISTED_NAMES = 20;
/** Controls, byte-order marks, zero-width and bidirectional marks, separators of lines. */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** A text for an error message, with escapes for characters that would not be seen. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
}

function clip(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return visible(text);
  return `${visible(text.slice(0, SHOWN_CHARACTERS))}… (${text.length} characters)`;
}

/** A name for an error message: quoted, of a very long one the beginning. */
export function showName(name: string): string {
  return clip(JSON.stringify(name));
}

/** Names for an error message: all of them, or the first ones of many; `show` says how each. */
export function listNames(
  names: readonly string[],
  show: (name: string) => string = showName,
): string {
  const shown = names.slice(0, LISTED_NAMES).map(show).join(", ");
  const more = names.length - LISTED_NAMES;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** A name for a list in an error message, not quoted. */
export function plainName(name: string): string {
  return clip(name);
}
