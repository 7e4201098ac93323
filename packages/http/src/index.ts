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
  ServerSettingsError,
  type CheckServerOptions,
  type CloseOptions,
  type ExchangeEnd,
  type FailedAttempt,
  type Proxy,
  type ProxyOptions,
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
