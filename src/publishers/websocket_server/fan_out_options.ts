import {
  SERVER_NAMES,
  type SocketServerOptions,
} from "../../sources/websocket_server/socket_server.ts";
import { FORMAT_NAMES, type FrameFormatOptions } from "./frame_encoder.ts";
import { SLOW_NAMES, type SlowClientOptions } from "./slow_clients.ts";

/** What all WebSocket servers take that send batches. */
export interface FanOutOptions extends SocketServerOptions, SlowClientOptions, FrameFormatOptions {}

/** The names of {@linkcode FanOutOptions}. */
export const FAN_OUT_NAMES: Readonly<Record<keyof FanOutOptions, true>> = {
  ...SERVER_NAMES,
  ...SLOW_NAMES,
  ...FORMAT_NAMES,
};
