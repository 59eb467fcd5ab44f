/**
 * Where records come from.
 *
 * @module
 */
export * from "./avro_source.ts";
export * from "./file_source.ts";
export { follow, type FollowOptions } from "./follow/follow.ts";
export * from "./from.ts";
export * from "./iterable_source.ts";
export { HttpError, type HttpErrorOptions } from "./http/http_error.ts";
export type { GateOptions } from "./websocket_server/gate.ts";
export type {
  ServerAddress,
  ServerFigures,
  SocketServerOptions,
} from "./websocket_server/socket_server.ts";
export * from "./standard_input.ts";
export { WebSocketError, type WebSocketErrorOptions } from "./websocket/errors.ts";
export type { WebSocketLinkOptions } from "./websocket/link_options.ts";
export type { WebSocketAddressOptions } from "./websocket/address.ts";
export { WebSocketSource } from "./websocket/websocket_source.ts";
export type {
  FullInboxPolicy,
  Subscription,
  WebSocketSourceOptions,
} from "./websocket/websocket_source_options.ts";
export type { MessageSourceFormat } from "./messages/message_decoder.ts";
export { EventStreamSource, type EventStreamSourceOptions } from "./http/event_stream_source.ts";
export { HttpSource, type HttpSourceFormat, type HttpSourceOptions } from "./http/http_source.ts";
export {
  WebSocketServerSource,
  type WebSocketServerSourceOptions,
} from "./websocket_server/websocket_server_source.ts";
