/**
 * Forwards requests as a gateway decides. The only part that opens connections.
 *
 * @module @signalbox/proxy
 */

export type { HostPathOptions } from "./canonical-only.js";
export { checkMount, describeValue } from "./check-options.js";
export { factsNow } from "./facts-now.js";
export { createProxy, type Proxy, type ProxyCounts } from "./proxy.js";
export type { CloseOptions, HandleOptions, ProxyOptions } from "./proxy-options.js";
export type {
  Awaitable,
  Policy,
  PolicyAnswer,
  PolicyExchange,
  PolicyResponse,
  RequestChange,
  RequestStep,
  ResponseChange,
  ResponseStep,
} from "./policy.js";
export type { MirrorDifference, MirrorEnd } from "./mirror.js";
export { errorAnswer } from "./error-answer.js";
export type { ErrorContext, ErrorHook, ErrorReply } from "./error-answer.js";
export type { ExchangeEnd, FailedAttempt } from "./exchange-end.js";
export type { ClientCause, Failure, GatewayCause } from "./failure.js";
export { checkServer, ServerSettingsError, type CheckServerOptions } from "./check-server.js";
export type { NodeResponse } from "./http2-reply.js";
export { BodyReadError } from "./read-body.js";
export { viewOf, type HostView, type ServerRequest } from "./view.js";
export { attachUpgrades } from "./attach-upgrades.js";
export { FrontListener, type AnyListener } from "./front-listener.js";
export { rawResponse } from "./raw-response.js";
export { asksForWebSocket } from "./web-socket.js";
export { isUpgradeResponse, routeUpgrade } from "./upgrade-response.js";
