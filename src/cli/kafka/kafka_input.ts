import type { DataType } from "../../batch/schema.ts";
import type { Source } from "../../stream/source.ts";
import type { CommandContext } from "../command_context.ts";
import { type Flag, names, text, toggle, whole, wholeDuration } from "../command_spec.ts";
import { asked } from "../asked.ts";
import { UsageError } from "../usage_error.ts";
import { kafkaAddress } from "./kafka_address.ts";
import { kafkaModule } from "./kafka_module.ts";
import { LimitedSource } from "./limited_source.ts";
import {
  KAFKA_LOGIN_FLAGS,
  kafkaLogin,
  type KafkaLoginOptions,
  kafkaSchemas,
} from "./login_flags.ts";
import { type PlaceInTime, placeInTime } from "./place_in_time.ts";

/** What of a topic is read. */
export interface KafkaReadOptions {
  /** The address of topics. */
  readonly kafka?: string;
  readonly from?: PlaceInTime;
  readonly forMs?: number;
  readonly rows?: number;
  readonly group?: string;
  /** The name that this member of it keeps when it starts again. */
  readonly groupInstance?: string;
  readonly untilEnd?: boolean;
  /** Columns of what is beside the value, such as `key=user`. */
  readonly metadata?: readonly string[];
}

/** The flags of {@linkcode KafkaReadOptions} that all commands have which read topics. */
export const KAFKA_READ_FLAGS: readonly Flag[] = [
  {
    ...text("--from <place>", "of Kafka: earliest (default), latest, a time, or so long ago: -1h"),
    read: (given) => placeInTime(given, "--from"),
  },
  names(
    "--metadata <list>",
    "of Kafka: columns of what is beside the value: key=user,timestamp=at,header:trace=id",
  ),
];

/** Those of commands that may read on as records come. */
export const KAFKA_LIMIT_FLAGS: readonly Flag[] = [
  text("--kafka <address>", "a topic, as kafka:// does: localhost:9092/orders"),
  wholeDuration("--for <duration>", "of Kafka: read for so long, also what is still to come", 1),
  whole("--rows <rows>", "of Kafka: read so many, also what is still to come", 1),
];

/** Those of commands that read on for ever unless they are told otherwise. */
export const KAFKA_FOLLOW_FLAGS: readonly Flag[] = [
  text("--group <name>", "of Kafka: the consumer group, which goes on where it has ended"),
  text(
    "--group-instance <name>",
    "with --group: a name by which it has its partitions again when it is back within 45s",
  ),
  toggle("--until-end", "of Kafka: read what is there now, and no more"),
  wholeDuration(
    "--idle <duration>",
    "of Kafka: a partition that is silent for so long holds no window back (default: 10s)",
    1,
  ),
];

const COLUMNS: Readonly<Record<string, string>> = {
  key: "keyColumn",
  timestamp: "timestampColumn",
  partition: "partitionColumn",
  offset: "offsetColumn",
  topic: "topicColumn",
  headers: "headersColumn",
};
const HEADER = "header:";

/** The columns of what is beside values, as the library takes them. */
function metadataColumns(list: readonly string[] = []): Record<string, unknown> {
  const headers: Record<string, string> = {};
  const columns: Record<string, unknown> = {};
  for (const each of list) {
    const [, what = "", column = ""] = /^([^=]+)=(.+)$/.exec(each) ?? [];
    if (what.startsWith(HEADER) && what.length > HEADER.length) {
      headers[what.slice(HEADER.length)] = column;
    } else if (Object.hasOwn(COLUMNS, what)) columns[COLUMNS[what]] = column;
    else {
      throw new UsageError(
        `--metadata takes ${
          Object.keys(COLUMNS).join(", ")
        } or ${HEADER}name, each with a column, ` +
          `such as key=user,timestamp=at, received ${JSON.stringify(each)}`,
      );
    }
  }
  return Object.keys(headers).length === 0 ? columns : { ...columns, headerColumns: headers };
}

/** What a command reads of a topic. */
export interface KafkaReading extends KafkaReadOptions, KafkaLoginOptions {
  readonly inputFormat?: string;
  readonly separator?: string;
  readonly badRecords?: "fail" | "skip";
  readonly maxRecordBytes?: number;
  /** The types that some columns are read as; default: those of all are inferred. */
  readonly readAs?: Readonly<Record<string, DataType>>;
}

/** What values are. */
function valuesOf({ inputFormat, separator, schemaRegistry, avroSchema }: KafkaReading) {
  if (separator !== undefined) throw new UsageError("--separator is of CSV, and no topic has that");
  const isAvro = schemaRegistry !== undefined || avroSchema !== undefined;
  const format = inputFormat ?? (isAvro ? "avro" : "json");
  if (format !== "avro" && isAvro) {
    const flag = schemaRegistry === undefined ? "--avro-schema" : "--schema-registry";
    throw new UsageError(`${flag} is of Avro, and --input-format says ${format}`);
  }
  if (format === "avro" && !isAvro) {
    throw new UsageError(
      "Avro values are read by their schema: pass --schema-registry, or --avro-schema with a file",
    );
  }
  if (format === "avro") return "avro" as const;
  if (format === "json" || format === "ndjson") return "json" as const;
  throw new UsageError(
    `--input-format ${format} is none of a topic, whose values are json or avro`,
  );
}

/** Where to begin, as the library takes it. */
function startOf(from: PlaceInTime | undefined, { runtime }: CommandContext) {
  if (from === undefined) return {};
  if (typeof from === "string") return { start: from };
  const timestamp = "agoMs" in from ? runtime.wallClockMs() - from.agoMs : from.timestamp;
  return { start: { timestamp } };
}

/**
 * Whether reading ends with what the topic has when it begins.
 *
 * @param follows Whether the command reads on unless it is told otherwise.
 */
function endsItself(options: KafkaReading, follows: boolean): boolean {
  const { from, forMs, rows, untilEnd = false } = options;
  const isLimited = forMs !== undefined || rows !== undefined;
  if (untilEnd && isLimited) {
    const flag = forMs !== undefined ? "--for" : "--rows";
    throw new UsageError(`--until-end and ${flag} both say where to end; pass one of them`);
  }
  if (from === "latest" && !isLimited && (untilEnd || !follows)) {
    throw new UsageError(
      "--from latest is what comes from now on; say by --for or --rows how much of it",
    );
  }
  return untilEnd || !isLimited && !follows;
}

/**
 * The records of topics.
 *
 * @param text The address: `kafka://localhost:9092/orders`.
 * @param how `follows`: whether it is read for ever unless it is said otherwise.
 * @throws {UsageError} when options do not go together.
 */
export async function kafkaInput(
  text: string,
  options: KafkaReading,
  { context, follows }: { readonly context: CommandContext; readonly follows: boolean },
): Promise<Source> {
  const { servers: bootstrapServers, topics } = kafkaAddress(text);
  const { from, forMs, rows, group, groupInstance, metadata, badRecords, maxRecordBytes } = options;
  const { readAs: types } = options;
  if (from === "committed" && group === undefined) {
    throw new UsageError("--from committed is where a group has ended; name it by --group");
  }
  if (groupInstance !== undefined && group === undefined) {
    throw new UsageError("--group-instance is a name within a group; name that by --group");
  }
  const values = valuesOf(options);
  if (types && values === "avro") {
    throw new UsageError("--types is of JSON values, and Avro ones have the types of their schema");
  }
  const ends = endsItself(options, follows);
  const columns = metadataColumns(metadata);
  const login = await kafkaLogin(options, context);
  const schemas = await kafkaSchemas(options, context);
  const { kafkaSource } = await kafkaModule();
  const { runtime } = context;
  const source = asked(() =>
    kafkaSource({
      ...{ bootstrapServers, topics, values, runtime, ...login, ...schemas, ...columns },
      ...startOf(from, context),
      ...(ends && { until: "end" as const }),
      ...(group !== undefined && { groupId: group }),
      ...(groupInstance !== undefined && { groupInstanceId: groupInstance }),
      ...(badRecords !== undefined && { badRecords }),
      ...(maxRecordBytes !== undefined && { maxRecordBytes }),
      ...(types && { types }),
    }), [...KAFKA_READ_FLAGS, ...KAFKA_FOLLOW_FLAGS, ...KAFKA_LOGIN_FLAGS]);
  if (forMs === undefined && rows === undefined) return source;
  return new LimitedSource(source, {
    ...(forMs !== undefined && { forMs }),
    ...(rows !== undefined && { rows }),
  });
}
