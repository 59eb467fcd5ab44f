import type { BadRecord, BadRecordOptions } from "../codecs/bad_record.ts";
import type { SourceOptions } from "../stream/source.ts";

/**
 * What a source does with records that cannot be decoded: what its own options say, else what the
 * pipeline does, whose dead letters then get them.
 *
 * @param place Where such a record stands, for a dead letter.
 */
export function sourcePolicy(
  { badRecords: own, deadLetter: ownLetter }: BadRecordOptions,
  { badRecords, deadLetter }: Pick<SourceOptions, "badRecords" | "deadLetter">,
  place: (bad: BadRecord) => number = ({ line }) => line,
): BadRecordOptions {
  if (own) return { badRecords: own, ...(ownLetter && { deadLetter: ownLetter }) };
  if (badRecords !== "deadLetter") return { badRecords };
  const put = (bad: BadRecord) => {
    const { bytes, error: { name, message } } = bad;
    deadLetter({ record: bytes, error: { name, message }, position: place(bad) });
  };
  return { badRecords, deadLetter: put };
}
