import { checkWord } from "../../codecs/option_checks.ts";
import { JsonMessages } from "./json_messages.ts";
import type {
  MessageDecoder,
  MessageDecoderOptions,
  MessageSourceFormat,
} from "./message_decoder.ts";
import { avroMessages, messagePackMessages, PackedMessages } from "./packed_messages.ts";

const FORMATS: readonly MessageSourceFormat[] = ["json", "avro", "msgpack"];

/**
 * What decodes messages of a format.
 *
 * @throws {TypeError} when the format is none of these, or the schema malformed, and for MessagePack
 *   when `@waggle/stream/msgpack` was not imported.
 */
export function createMessageDecoder(options: MessageDecoderOptions): MessageDecoder {
  const { format, maxRecordBytes, extraKeys } = options;
  switch (checkWord("format", format, FORMATS, "read messages")) {
    case "json":
      return new JsonMessages(options);
    case "avro":
      return new PackedMessages(options, avroMessages(maxRecordBytes));
    case "msgpack":
      return new PackedMessages(options, messagePackMessages(extraKeys));
  }
}
