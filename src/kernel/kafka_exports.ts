/** What `assembly/kafka/` exports, as the host sees it. */
export interface KafkaExports {
  kafkaCrc(from: number, bytes: number, seed: number): number;
  kafkaMeasure(job: number): number;
  kafkaAppend(job: number): void;
  kafkaClose(state: number, isSummed: number): void;
  kafkaRead(job: number): number;
  lz4Inflate(from: number, end: number, to: number, limit: number): number;
  kafkaCellBytes(lengths: number, count: number): number;
  kafkaGather(
    base: number,
    starts: number,
    lengths: number,
    count: number,
    to: number,
    offsets: number,
    valid: number,
  ): number;
  kafkaLines(
    base: number,
    starts: number,
    lengths: number,
    count: number,
    to: number,
    offsets: number,
  ): number;
}
