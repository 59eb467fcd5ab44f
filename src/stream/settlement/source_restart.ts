/** A source has begun anew: not an error, but the end of what is built on what came before. */
export class SourceRestart extends Error {
  /** The name of the class. */
  override readonly name = "SourceRestart";
  /** How many partitions there are from here on, where the source has said so. */
  readonly partitions: number | undefined;

  /** With the partitions from here on. */
  constructor(partitions: number | undefined) {
    super("The source begins anew");
    this.partitions = partitions;
  }
}
