/**
 * Mounts a gateway on servers of `node:http`, `node:https` and `node:http2`.
 *
 * @module @signalbox/http
 */

export {
  attachGateway,
  gatewayListener,
  type AttachedGateway,
  type AttachOptions,
  type GatewayListener,
  type Http2Listener,
  type Listener,
  type ListenerOptions,
  type NodeServer,
} from "./attach.js";
export {
  checkServer,
  createProxy,
  ServerSettingsError,
  type CheckServerOptions,
  type CloseOptions,
  type ErrorContext,
  type ErrorReply,
  type ExchangeEnd,
  type FailedAttempt,
  type Failure,
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
