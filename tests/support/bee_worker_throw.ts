import "./fault_throw.ts";
import "../../src/hive/bee_worker.ts";
