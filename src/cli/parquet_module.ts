import { lateModule } from "../runtime/late_module.ts";

/** What reads and writes Parquet, loaded when a command does. */
export function parquetModule(): Promise<typeof import("../sources/parquet.ts")> {
  return lateModule(new URL("../sources/parquet.ts", import.meta.url));
}
