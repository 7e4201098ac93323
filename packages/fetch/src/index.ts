/**
 * A gateway as a function from `Request` to `Response`, for Hono, Next.js and other servers of the fetch kind.
 *
 * @module @signalbox/fetch
 */

export {
  fetchHandler,
  type FetchContext,
  type FetchHandler,
  type FetchHandlerOptions,
} from "./fetch-handler.js";
export { instanceHandler, type FetchFunction } from "./instance-handler.js";
export {
  BodyReadError,
  createProxy,
  type CloseOptions,
  type ErrorContext,
  type ErrorReply,
  type ExchangeEnd,
  type FailedAttempt,
  type Failure,
  type HostPathOptions,
  type MirrorEnd,
  type Policy,
  type PolicyAnswer,
  type PolicyExchange,
  type PolicyResponse,
  type Proxy,
  type ProxyOptions,
  type RequestChange,
  type RequestStep,
  type ResponseChange,
  type ResponseStep,
} from "@signalbox/proxy";
export {
  createGateway,
  GatewayConfigError,
  type Answers,
  type ConfigInput,
  type Decision,
  type DecisionOf,
  type Gateway,
  type GatewayChange,
  type GatewayConfig,
  type GatewayOptions,
  type KnownAnswers,
  type KnownForward,
} from "@signalbox/core";
