import type { AvroExports } from "./avro_exports.ts";
import type { ColumnExports } from "./column_exports.ts";
import type { CsvExports } from "./csv_exports.ts";
import type { ExpressionExports } from "./expression_exports.ts";
import type { JsonExports } from "./json_exports.ts";
import type { JsonWriteExports } from "./json_write_exports.ts";
import type { KafkaExports } from "./kafka_exports.ts";
import type { NumberExports } from "./number_exports.ts";
import type { SampleExports } from "./sample_exports.ts";
import type { SessionExports } from "./session_exports.ts";
import type { WindowExports } from "./window_exports.ts";

/**
 * The functions that the kernel's WebAssembly exports, as the host sees them.
 *
 * Addresses and counts are plain numbers (unsigned 32 bit), times are milliseconds in a double.
 * Nothing outside `src/kernel/` calls these: it uses the typed face around them.
 */
export interface KernelExports
  extends
    WebAssembly.Exports,
    WindowExports,
    SessionExports,
    ExpressionExports,
    ColumnExports,
    NumberExports,
    AvroExports,
    CsvExports,
    JsonExports,
    JsonWriteExports,
    KafkaExports,
    SampleExports {
  /** The instance's own memory. */
  readonly memory: WebAssembly.Memory;
  setBudget(bytes: number): void;
  usedBytes(): number;
  allocate(bytes: number): number;
  release(block: number): void;
}
