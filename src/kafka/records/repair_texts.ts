const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Texts one behind the other. */
export interface Texts {
  /** All bytes. */
  readonly values: Uint8Array<ArrayBuffer>;
  /** Where each starts, and the last one ends. */
  readonly offsets: Int32Array<ArrayBuffer>;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Whether all of them are UTF-8; a character may not go from one into the next. */
function areUtf8({ values, offsets }: Texts): boolean {
  if (!isUtf8(values)) return false;
  for (const offset of offsets) if ((values[offset] & 0xc0) === 0x80) return false;
  return true;
}

/** Texts as they are when all are UTF-8; else with U+FFFD in place of what is none. */
export function repairTexts(texts: Texts): Texts {
  if (areUtf8(texts)) return texts;
  const { values, offsets } = texts;
  const repaired = new Int32Array(offsets.length);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at + 1 < offsets.length; at++) {
    const text = encoder.encode(lenient.decode(values.subarray(offsets[at], offsets[at + 1])));
    repaired[at + 1] = repaired[at] + text.length;
    pieces.push(text);
  }
  const all = new Uint8Array(repaired.at(-1)!);
  pieces.forEach((piece, at) => all.set(piece, repaired[at]));
  return { values: all, offsets: repaired };
}
