import type { BadRecord, BadRecordOptions, BatchDecoder } from "../../mod.ts";
import { bytesOf, cut } from "./chunks.ts";

/** Whole inputs through a kind of decoder, cut at these shares of their bytes. */
export function decodingWith<Options extends BadRecordOptions>(
  create: (options: Options) => BatchDecoder,
) {
  const decode = (
    input: string | Uint8Array,
    options: Options = {} as Options,
    cuts: readonly number[] = [],
  ) => {
    const bytes = typeof input === "string" ? bytesOf(input) : input;
    const decoder = create(options);
    const batches = cut(bytes, cuts).flatMap((chunk) => decoder.push(chunk));
    batches.push(...decoder.finish());
    return { batches, rows: batches.flatMap((batch) => batch.toRows()), decoder };
  };
  /** Decodes under `"deadLetter"` and gives the bad records too. */
  const decodeAll: (...given: Parameters<typeof decode>) => ReturnType<typeof decode> & {
    readonly bad: BadRecord[];
  } = (input, options, cuts) => {
    const bad: BadRecord[] = [];
    const deadLetter = (record: BadRecord) => bad.push(record);
    const given = { ...options, badRecords: "deadLetter", deadLetter } as unknown as Options;
    return { ...decode(input, given, cuts), bad };
  };
  return { decode, decodeAll };
}
