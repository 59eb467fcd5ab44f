/**
 * Records to and from PostgreSQL: `@waggle/stream/postgres`, through npm:postgres.
 *
 * @module
 */
import postgres from "postgres";
import { type PostgresDriver, setPostgresDriver } from "../../sources/postgres/postgres_driver.ts";

export type { PostgresConnectionOptions } from "../../sources/postgres/postgres_connection_options.ts";
export type { PostgresNumerics } from "../../sources/postgres/postgres_cells.ts";
export { PostgresError } from "../../sources/postgres/postgres_error.ts";
export * from "../../sources/postgres/postgres_source.ts";
export type { SqlTableOptions } from "../sql/sql_table.ts";
export * from "./postgres_publisher.ts";

setPostgresDriver(postgres as unknown as PostgresDriver);
