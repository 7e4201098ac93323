/**
 * Forwards requests as a gateway decides. The only part that opens connections.
 *
 * @module @signalbox/proxy
 */

export {
  createProxy,
  type CloseOptions,
  type HandleOptions,
  type Proxy,
  type ProxyOptions,
} from "./proxy.js";
export type { ExchangeEnd, FailedAttempt } from "./exchange-end.js";
export type { Failure } from "./failure.js";
export { checkServer, ServerSettingsError, type CheckServerOptions } from "./check-server.js";
export type { ServerReply } from "./answer.js";
export { viewOf, type ServerRequest } from "./view.js";
export { asksForWebSocket } from "./web-socket.js";
