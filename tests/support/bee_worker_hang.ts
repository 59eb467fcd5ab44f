import "./fault_hang.ts";
import "../../src/hive/bee_worker.ts";
