/**
 * Mounts a gateway as a plugin of Fastify 5.
 *
 * @module @signalbox/fastify
 */

export { gatewayPlugin, type GatewayPluginOptions } from "./plugin.js";
export {
  checkServer,
  BodyReadError,
  createProxy,
  ServerSettingsError,
  type CheckServerOptions,
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
