import { assertEquals } from "@std/assert";
import type { PipelineMetrics } from "../../mod.ts";

/** Every record read or made is counted as one thing that became of it, and none is under way. */
export function assertAccounted(m: PipelineMetrics): void {
  const { absorbed, filtered, late, untimed, skipped, deadLettered, lost } = m;
  const out = absorbed + filtered + late + untimed + skipped + deadLettered + lost;
  assertEquals([m.recordsIn + m.added, m.unaccounted, m.inFlight], [out, 0, 0]);
}
