// A complete stream, from sensor readings to alerts. Run: deno run --allow-read=src examples/basics_07_sensors.ts
import { HiveStream, isErrorRecord } from "@waggle/stream";

interface Reading {
  sensorId: string;
  temperature: number;
}

interface Checked {
  sensorId: string;
  tempC: number;
  tempF: number;
  alert: "HIGH" | "LOW" | "NORMAL";
  timestamp: number;
}

const SENSORS = ["sensor_1", "sensor_2", "sensor_3"];

/** Runs in the bees. */
function processSensorData({ sensorId, temperature }: Reading): Checked {
  const tempF = temperature * 9 / 5 + 32;
  const alert = tempF > 100 ? "HIGH" : tempF < 32 ? "LOW" : "NORMAL";
  return { sensorId, tempC: temperature, tempF, alert, timestamp: Date.now() };
}

// The first Ctrl-C ends the readings, a second one ends the program.
let interrupted = false;
Deno.addSignalListener("SIGINT", () => {
  if (interrupted) Deno.exit(130);
  interrupted = true;
});

const stream = new HiveStream<Reading, Checked>({ workers: 6, ordered: "all" });
await stream.start(processSensorData);
console.log("Reading 3 sensors 50 times; Ctrl-C ends it early");

for (let i = 0; i < 50 && !interrupted; i++) {
  const sensorId = SENSORS[i % SENSORS.length];
  const temperature = (i * 7.3) % 55 - 5; // a reading in °C, the same in every run
  await stream.submit(sensorId, { sensorId, temperature });
  await new Promise((resolve) => setTimeout(resolve, 20));
}

const results: Checked[] = [];
while (true) {
  const result = await stream.getResult({ timeout: "2s" });
  if (result === undefined) break;
  if (result === null || isErrorRecord(result)) continue;
  results.push(result);
  if (result.alert === "NORMAL") continue;
  console.log(`⚠️  ${result.sensorId}: ${result.tempF.toFixed(1)}°F - ${result.alert}`);
}

await stream.stop();
console.log(`Processed ${results.length} records`);
if (interrupted) Deno.exit(130);
