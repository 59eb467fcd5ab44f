import "./fault_unacknowledged.ts";
import "../../src/hive/bee_worker.ts";
