/**
 * A member of a group in a process of its own: `deno run -A group_main.ts '{"bootstrap": …}'`.
 *
 * @module
 */
import "../../../src/kafka/kafka.ts";
import { kafkaDriver } from "../../../src/kafka/driver/current_driver.ts";
import { memberMain } from "./gathering.ts";

const given = JSON.parse(Deno.args[0]);
const cluster = await kafkaDriver("test").connect({
  bootstrapServers: [given.bootstrap],
  clientId: "member",
  connectionTimeoutMs: 5000,
  requestTimeoutMs: 5000,
});
await memberMain(cluster, given);
Deno.exit();
