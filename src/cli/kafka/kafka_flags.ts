import { type Flag, longName, optionName } from "../command_spec.ts";
import { UsageError } from "../usage_error.ts";

/**
 * Checks that nothing is said of topics where there is none.
 *
 * @param flags Those that only topics have.
 * @throws {UsageError} when something is.
 */
export function checkNoKafka(options: object, flags: readonly Flag[]): void {
  const given = options as Readonly<Record<string, unknown>>;
  const flag = flags.find((each) =>
    given[optionName(each) + (each.isDuration ? "Ms" : "")] !== undefined
  );
  if (flag === undefined) return;
  throw new UsageError(
    `${longName(flag)} is of Kafka; give a topic, such as kafka://localhost:9092/orders`,
  );
}
