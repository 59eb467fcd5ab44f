/**
 * Where records go.
 *
 * @module
 */
export * from "./console_publisher.ts";
export * from "./file/file_publisher.ts";
export type { FileFormat, FormatOptions } from "./file/file_format.ts";
export type { FilePublisherOptions, RotateOptions } from "./file/file_options.ts";
export type { FileCompression } from "./file/output_file.ts";
export * from "./memory_publisher.ts";
export type { MessageFormat, MessageFormatOptions } from "./message_format.ts";
export { retrying, type RetryingOptions } from "./retrying.ts";
export { tee } from "./tee.ts";
export { HttpPublisher } from "./http/http_publisher.ts";
export type { HttpFormat, HttpPublisherOptions } from "./http/http_options.ts";
export type { FanOutFigures } from "./websocket_server/fan_out_figures.ts";
export type { FanOutOptions } from "./websocket_server/fan_out_options.ts";
export type { FrameFormatOptions } from "./websocket_server/frame_encoder.ts";
export type { SlowClientOptions, SlowClients } from "./websocket_server/slow_clients.ts";
export * from "./websocket_server/stream_server.ts";
export {
  WebSocketServerPublisher,
  type WebSocketServerPublisherOptions,
} from "./websocket_server/websocket_server_publisher.ts";
export type { BatchStream, BatchSupply, BatchSupplyOptions } from "./web/batch_stream.ts";
export { type ByteStreamOptions, toByteStream } from "./web/byte_stream.ts";
export { type EventStreamOptions, toEventStream } from "./web/event_stream.ts";
export type { StreamFormat, StreamFormatOptions } from "./web/stream_format.ts";
export {
  WritableStreamPublisher,
  type WritableStreamPublisherOptions,
} from "./web/writable_stream_publisher.ts";
export { WebSocketPublisher } from "./websocket/websocket_publisher.ts";
export type { WebSocketPublisherMetrics } from "./websocket/websocket_metrics.ts";
export type { WebSocketFormat, WebSocketPublisherOptions } from "./websocket/websocket_options.ts";
