import { StreamingError } from "../hive/streaming_error.ts";
import type { SourceBatch } from "./source.ts";
import type { Arrivals, PartitionNumbers, Read, UnitedReader } from "./united_reader.ts";

/** What is read side by side. */
export interface UnionRestart {
  readonly readers: readonly UnitedReader[];
  readonly arrivals: Arrivals;
  readonly places: PartitionNumbers;
  /** Readers of which nothing is on its way. */
  readonly silent: readonly UnitedReader[];
}

/**
 * One source begins anew, and so do all: what others give before they have heard of it comes again.
 * Once all have, that is told, and partitions are counted anew.
 *
 * @throws {StreamingError} when one of them cannot.
 */
export async function* restarted(
  { readers, arrivals, places, silent }: UnionRestart,
  { reader: first, result }: Read,
): AsyncGenerator<SourceBatch> {
  const counts = new Map([[first, first.partitionsIn(result.value as SourceBatch)]]);
  for (const other of readers) {
    if (other !== first && !other.restart()) throw cannotRestart(first, other);
  }
  for (const other of silent) other.read();
  while (counts.size < readers.length) {
    const { reader, result: { done, value } } = (await arrivals.next())!;
    if (done) throw cannotRestart(first, reader);
    if (Object(value).restart) counts.set(reader, reader.partitionsIn(value as SourceBatch));
    else reader.read();
  }
  const all = [...counts.values()].reduce((sum, each) => sum + each, 0);
  yield { restart: true, partitions: all };
  places.clear();
  for (const reader of readers) reader.renew(counts.get(reader)!);
}

function cannotRestart({ name }: UnitedReader, other: UnitedReader): StreamingError {
  return new StreamingError(
    `Cannot go on: some of ${name} was given to another reader, so that open windows are to be ` +
      `dropped and what is in them read again, also of ${other.name}, which cannot be read again ` +
      `from where it is settled, is read by other pipelines too, or has ended; run the pipeline ` +
      `again, or a pipeline for each source`,
  );
}
