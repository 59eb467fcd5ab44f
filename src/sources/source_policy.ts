import type { BadRecord, BadRecordOptions } from "../codecs/bad_record.ts";
import type { SourceOptions } from "../stream/source.ts";

/**
 * What a source does with records that cannot be decoded: what its own options say, else what the
 * pipeline does, whose dead letters then get them.
 */
export function sourcePolicy(
  { badRecords: own, deadLetter: ownLetter }: BadRecordOptions,
  { badRecords, deadLetter }: Pick<SourceOptions, "badRecords" | "deadLetter">,
): BadRecordOptions {
  if (own) return { badRecords: own, ...(ownLetter && { deadLetter: ownLetter }) };
  if (badRecords !== "deadLetter") return { badRecords };
  const put = ({ bytes, line, error: { name, message } }: BadRecord) => {
    deadLetter({ record: bytes, error: { name, message }, position: line });
  };
  return { badRecords, deadLetter: put };
}
