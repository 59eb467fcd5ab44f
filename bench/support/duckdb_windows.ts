/**
 * DuckDB's side of the bench of `waggle window`: a process that aggregates JSON lines in tumbling
 * windows and writes a CSV file.
 *
 * Usage: `duckdb_windows.ts <JSON lines> <CSV> <window in ms> <threads>`.
 *
 * @module
 */
import { DuckDBInstance } from "@duckdb/node-api";

const [lines, output, windowMs, threads] = Deno.args;
const instance = await DuckDBInstance.create(":memory:");
const connection = await instance.connect();
await connection.run(`SET threads = ${threads}`);
await connection.run(`
  COPY (
    SELECT
      epoch_ms("at" - "at" % ${windowMs}) AS "windowStart",
      epoch_ms("at" - "at" % ${windowMs} + ${windowMs}) AS "windowEnd",
      sensor, count(*) AS count, avg(temperature) AS warm, max(humidity) AS damp
    FROM read_ndjson('${lines}', columns = {
      sensor: 'VARCHAR', temperature: 'DOUBLE', humidity: 'INTEGER', "at": 'BIGINT'
    })
    GROUP BY ALL
  ) TO '${output}' (FORMAT csv, HEADER)`);
Deno.exit(0);
