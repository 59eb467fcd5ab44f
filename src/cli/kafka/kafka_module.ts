import { lateModule } from "../../runtime/late_module.ts";

/** What reads and writes topics, loaded when a command does. */
export function kafkaModule(): Promise<typeof import("../../kafka/kafka.ts")> {
  return lateModule(new URL("../../kafka/kafka.ts", import.meta.url));
}
