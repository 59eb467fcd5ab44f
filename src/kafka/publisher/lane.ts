import type { Appended, RecordBlock } from "../driver/driver.ts";
import type { Delivery } from "./delivery.ts";

/** How blocks go: one by one, or in transactions. */
export interface Lane extends AsyncDisposable {
  /** Whether blocks may be sent now. */
  readonly isOpen: boolean;
  /** Blocks wait, and it is not open: called again and again. */
  wanted(): void;
  /** Sends a block, which has records of these deliveries. */
  send(block: RecordBlock, of: readonly Delivery[]): Promise<Appended>;
  /** All records of a delivery are settled. */
  completed(delivery: Delivery): void;
  /** Nothing waits and nothing is under way. */
  idle(): void;
  /** The rest of a delivery cannot be encoded, and some of it has been. */
  spoil(error: unknown, delivery: Delivery): void;
  /** Whatever was sent so far is to count as soon as may be; no delivery is encoded in part. */
  conclude(): void;
}
