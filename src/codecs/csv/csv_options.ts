import type { OptionRule } from "../../runtime/known_options.ts";
import type { DecoderOptions } from "../batch_decoder.ts";
import type { CsvDialect } from "./csv_fields.ts";
import { CsvScanner } from "./csv_scanner.ts";
import { MAX_COLUMNS } from "../limits.ts";
import { checkPositive, DECODER_OPTIONS } from "../option_checks.ts";

/** Options of {@linkcode CsvDecoder}. */
export interface CsvOptions<Row = Record<string, unknown>> extends DecoderOptions<Row> {
  /**
   * Whether the first record names the columns (default `true`). With `false` they are those of the
   * schema by position, or `column1`, `column2` and so on; or give the names here.
   */
  header?: boolean | readonly string[];
  /**
   * What stands between fields: one ASCII character. Default `","`; a header without one that holds
   * `;`, a tab or `|` is refused then.
   */
  separator?: string;
  /** What a field may be enclosed in: one ASCII character, or `null` for nothing. Default `'"'`. */
  quote?: string | null;
  /** Lines that start with this ASCII character are left out. Default: none are. */
  comment?: string;
  /** Whether blanks and tabs around fields without quotes are taken off. Default `false`. */
  trim?: boolean;
  /** What an empty line is: nothing (default), or a record of one empty field. */
  emptyLines?: "skip" | "record";
  /**
   * What an empty field is in a text column: null unless in quotes (`"quoted"`, default), always
   * null (`"null"`), or always `""` (`"keep"`). In other columns it is null.
   */
  emptyStrings?: "quoted" | "null" | "keep";
  /** Texts that mean null when not in quotes, such as `"NA"`. Default: none. */
  nullValues?: readonly string[];
  /**
   * What a record with too few or too many fields is: a bad one (default), or one whose missing
   * fields are null and whose surplus is left out (`"pad"`).
   */
  raggedRows?: "error" | "pad";
  /** Whether columns of ISO 8601 times are inferred as timestamps, not texts. Default `false`. */
  inferTimestamps?: boolean;
  /** The most fields of a record. Default 4,096. */
  maxColumns?: number;
}

/** What options a CSV decoder takes. */
export const CSV_OPTIONS: OptionRule<CsvOptions<never>> = {
  doing: "make decoder",
  names: {
    ...DECODER_OPTIONS,
    header: true,
    separator: true,
    quote: true,
    comment: true,
    trim: true,
    emptyLines: true,
    emptyStrings: true,
    nullValues: true,
    raggedRows: true,
    inferTimestamps: true,
    maxColumns: true,
  },
};

function asciiByte(name: string, value: string): number {
  const code = value.length === 1 ? value.charCodeAt(0) : NaN;
  if (code < 0x80 && code !== 10 && code !== 13) return code;
  throw new TypeError(
    `Cannot make decoder: ${name} must be one ASCII character and no line end, received ` +
      JSON.stringify(value),
  );
}

type DialectOptions = Pick<CsvOptions, "separator" | "quote" | "trim" | "maxColumns">;

/**
 * How the options say that the file is written.
 *
 * @throws {RangeError} when `maxColumns` is no whole number from 1.
 */
export function dialectOf(options: DialectOptions): CsvDialect {
  const { separator = ",", quote = '"', trim = false, maxColumns = MAX_COLUMNS } = options;
  checkPositive("maxColumns", maxColumns);
  return { separator, quote: quote ?? undefined, trim, maxColumns };
}

/**
 * The scanner of records in a dialect.
 *
 * @throws {TypeError} when separator, quote or comment is not one ASCII character, or two of them
 * are the same.
 */
export function scannerOf(
  { separator, quote }: CsvDialect,
  comment: string | undefined,
): CsvScanner {
  const bytes = {
    separator: asciiByte("separator", separator),
    quote: quote === undefined ? -1 : asciiByte("quote", quote),
    comment: comment === undefined ? -1 : asciiByte("comment", comment),
  };
  const { size } = new Set([separator, quote, comment].filter((given) => given !== undefined));
  const given = 1 + Number(quote !== undefined) + Number(comment !== undefined);
  if (size === given) return new CsvScanner(bytes);
  throw new TypeError(
    `Cannot make decoder: separator, quote and comment must differ, received ` +
      JSON.stringify({ separator, quote, comment }),
  );
}
