import type { DataType } from "../../batch/schema.ts";
import { isText } from "../encoding/column_values.ts";
import { MOST_VALUES, type Vocabulary } from "../encoding/plans.ts";
import type { Json } from "./model_face.ts";
import { badModel, type SectionReader, type SectionWriter } from "./model_sections.ts";

/** Whether no number is below the one before. */
export function isAscending(values: ArrayLike<number>): boolean {
  for (let at = 1; at < values.length; at++) if (!(values[at - 1] <= values[at])) return false;
  return true;
}

/** What a header says of values; they go to sections. */
export function writeVocabulary(to: SectionWriter, values: Vocabulary): Json {
  if (values.kind === "numbers") return { numbers: to.add(values.numbers) };
  const texts = values.texts.map((text) => new TextEncoder().encode(text));
  const offsets = new Int32Array(texts.length + 1);
  texts.forEach((text, at) => offsets[at + 1] = offsets[at] + text.length);
  const bytes = new Uint8Array(offsets[texts.length]);
  texts.forEach((text, at) => bytes.set(text, offsets[at]));
  return { texts: to.add(bytes), offsets: to.add(offsets) };
}

/**
 * The values that a column of a type has.
 *
 * @param most How many there may be.
 */
export function readVocabulary(
  from: SectionReader,
  type: DataType,
  json: Json,
  most = MOST_VALUES,
): Vocabulary {
  if (!isText(type)) {
    return { kind: "numbers", numbers: from.section(json.numbers, "f64", most) };
  }
  const bytes = from.section(json.texts, "u8");
  const offsets = from.section(json.offsets, "i32", most + 1);
  const last = offsets.length - 1;
  if (last < 0 || offsets[0] !== 0 || offsets[last] !== bytes.length || !isAscending(offsets)) {
    badModel("the texts of a column do not lie one after the other");
  }
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    const texts = Array.from(
      { length: last },
      (_, at) => decoder.decode(bytes.subarray(offsets[at], offsets[at + 1])),
    );
    return { kind: "texts", texts };
  } catch {
    badModel("a text of a column is not UTF-8");
  }
}
