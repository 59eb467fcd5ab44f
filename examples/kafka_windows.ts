// Windows of a Kafka topic by key, written to another topic. Run: deno run --allow-read --allow-env --allow-net examples/kafka_windows.ts
import { count, DeliveryGuarantee, from, max, mean, TumblingWindow } from "@waggle/stream";
import { KafkaPublisher, kafkaSource } from "@waggle/stream/kafka";
import "./failures.ts"; // without a broker it says so in a line

const bootstrapServers = Deno.env.get("KAFKA_BOOTSTRAP") ?? "localhost:9092";
const [input = "readings", output = "readings-per-minute"] = Deno.args;
// Records of the input are such as {"sensor":"s1","at":"2026-05-01T10:00:00Z","celsius":20.5}

// Members of the group share the partitions; offsets are committed when results have been written
const readings = kafkaSource({ bootstrapServers, topics: input, groupId: `${output}-windows` });

// Results go by key, so that those of a sensor stay in order
await using results = new KafkaPublisher({
  bootstrapServers,
  topic: output,
  createTopic: true,
  key: "sensor",
  timestamp: "windowEnd",
});

// Ctrl-C ends it; what is open then is read again when it is started anew
const stop = new AbortController();
Deno.addSignalListener("SIGINT", () => stop.abort());

const perMinute = from(readings, { deliveryGuarantee: DeliveryGuarantee.AtLeastOnce })
  .timestamps("at", { maxDisorder: "5s", idle: { after: "5s", clock: "wall" } })
  .keyBy("sensor")
  .window(new TumblingWindow({ size: "1m" }))
  .aggregate({ readings: count(), mean: mean("celsius"), max: max("celsius") });

console.log(`Reading ${input}, writing ${output}; Ctrl-C ends it`);
try {
  await perMinute.to(results).run({ signal: stop.signal });
} catch (error) {
  if (!stop.signal.aborted) throw error;
}
console.log("Ended");
