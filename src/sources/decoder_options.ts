import {
  checkCompression,
  COMPRESSION_OPTIONS,
  type CompressionOptions,
  type InflateOptions,
} from "../codecs/inflate/inflate.ts";
import { checkPositive } from "../codecs/option_checks.ts";
import type { ByteSourceOptions } from "./block_source.ts";

const BYTE_OPTIONS: Readonly<Record<keyof ByteSourceOptions, true>> = {
  ...COMPRESSION_OPTIONS,
  blockBytes: true,
};

/**
 * The options of a source of bytes without those about bytes.
 *
 * @throws {TypeError | RangeError} when one of these is none that it can be.
 */
export function decoderOptions<Options extends ByteSourceOptions>(
  options: Options,
): Omit<Options, keyof ByteSourceOptions> {
  checkCompression(options);
  if (options.blockBytes !== undefined) {
    checkPositive("blockBytes", options.blockBytes, "read input");
  }
  const names = Object.keys(options).filter((name) => !(name in BYTE_OPTIONS));
  return Object.fromEntries(
    names.map((name) => [name, options[name as keyof Options]]),
  ) as Omit<Options, keyof ByteSourceOptions>;
}

/** What `inflate` is to do with the input of that name: the options that were given, and no others. */
export function inflateOptions(name: string, options: CompressionOptions): InflateOptions {
  const { compression, maxInflatedBytes, maxInflationRatio } = options;
  return {
    name,
    ...(compression !== undefined && { compression }),
    ...(maxInflatedBytes !== undefined && { maxInflatedBytes }),
    ...(maxInflationRatio !== undefined && { maxInflationRatio }),
  };
}
