import { assert, assertEquals } from "@std/assert";

interface Point {
  asInt?: string;
  asDouble?: number;
  count?: string;
  attributes?: { key: string; value: { stringValue: string } }[];
}

interface Metric {
  name: string;
  unit: string;
  sum?: { dataPoints: Point[] };
  gauge?: { dataPoints: Point[] };
  histogram?: { dataPoints: Point[] };
}

interface Export {
  resourceMetrics: { scopeMetrics: { scope: { name: string }; metrics: Metric[] }[] }[];
}

const SCRIPT = `
  import {
    MemoryPublisher, RetryPolicy, StreamingGenerator, StreamingMetrics, SyntheticGenerator,
  } from "./mod.ts";
  class Unreliable extends MemoryPublisher {
    attempts = 0;
    publish(batch) {
      if (this.attempts++ === 1) throw new Error("out of order");
      return super.publish(batch);
    }
  }
  const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }, { x: 3 }]);
  const streamer = new StreamingGenerator(generator, {
    retryPolicy: new RetryPolicy({ maxRetries: 1, initialBackoff: "1ms" }),
  });
  const metrics = new StreamingMetrics({ name: "numbers" });
  await streamer.streamTo(new Unreliable(), { batchSize: 100, maxRecords: 250, metrics });
`;

/** What a process has told a collector of OpenTelemetry, by the names of instruments. */
async function toldBy(script: string): Promise<Map<string, Metric>> {
  const told = new Map<string, Metric>();
  const hear = ({ resourceMetrics }: Export) => {
    const scopes = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics);
    for (const { metrics } of scopes.filter(({ scope }) => scope.name === "@waggle/stream")) {
      for (const metric of metrics) told.set(metric.name, metric);
    }
  };
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const collector = Deno.serve(options, async (request) => {
    const body = await request.json();
    if (request.url.endsWith("/v1/metrics")) hear(body);
    return Response.json({});
  });
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", "--ext=ts", script],
    cwd: new URL("../", import.meta.url),
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    },
  }).output();
  await collector.shutdown();
  assert(success, new TextDecoder().decode(stderr));
  return told;
}

Deno.test("StreamingMetrics tells OpenTelemetry what it counts, where that is on", async () => {
  const told = await toldBy(SCRIPT);
  const total = (name: string) => {
    const [point] = told.get(`waggle.stream.${name}`)?.sum?.dataPoints ?? [];
    return Number(point?.asInt ?? point?.asDouble);
  };
  assertEquals(
    ["records", "batches", "errors", "retries"].map(total),
    [250, 3, 1, 1],
    JSON.stringify([...told.values()]),
  );
  const duration = told.get("waggle.stream.batch.duration")!;
  assertEquals([duration.unit, Number(duration.histogram?.dataPoints[0].count)], ["s", 3]);
  assertEquals(told.get("waggle.stream.records")?.sum?.dataPoints.length, 1);
  assertEquals(told.get("waggle.stream.records")?.sum?.dataPoints[0].attributes, [
    { key: "waggle.stream.name", value: { stringValue: "numbers" } },
  ]);
});

Deno.test("A loop tells OpenTelemetry of its batches, without metrics too", async () => {
  const told = await toldBy(`
    import { StreamingGenerator, SyntheticGenerator } from "./mod.ts";
    const streamer = new StreamingGenerator(await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }]));
    for (const batch of streamer.stream({ batchSize: 10, maxBatches: 7 })) batch.length;
  `);
  const points = ["records", "batches"].map((name) =>
    told.get(`waggle.stream.${name}`)?.sum?.dataPoints.map((point) => point.asInt ?? point.asDouble)
  );
  assertEquals(points.map((each) => each?.map(Number)), [[70], [7]]);
});
