const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const replacing = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Bytes as text.
 *
 * @param replaces Whether U+FFFD stands for what is not valid UTF-8; else the text is `undefined`.
 *   Default `false`.
 */
export function utf8Text(bytes: Uint8Array, replaces = false): string | undefined {
  if (replaces) return replacing.decode(bytes);
  try {
    return strict.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
