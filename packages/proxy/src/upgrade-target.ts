import { Agent, type ClientRequestArgs } from "node:http";
import type { Duplex } from "node:stream";
import type { ConnectPlan, ForwardDecision, InstanceReference } from "@signalbox/core";
import { Connector } from "./connector.js";

/** Where an upgrade goes and how it is connected to, in the words of http-proxy-3 (its `ServerOptions`). */
export interface UpgradeTarget {
  /** Plain and small: it is kept as long as the sockets live. */
  readonly target: {
    readonly protocol: string;
    readonly host: string;
    readonly hostname: string;
    readonly port: number;
  };
  /** The path goes out as it is given. */
  readonly toProxy: true;
  readonly prependPath: false;
  /** Unit: milliseconds. */
  readonly connectTimeout: number;
  /** Makes the connection where that takes more than host and port. */
  readonly agent?: Agent;
}

// Plans are made anew with each update, and what hangs on them goes with them.
const AGENTS = new WeakMap<ConnectPlan, WeakMap<InstanceReference, Agent>>();

/** The one place that says how instances are reached for upgrades. */
export function upgradeTarget(
  { instance }: ForwardDecision,
  connect: ConnectPlan | undefined,
): UpgradeTarget {
  const { protocol, host, hostname, port } = new URL(instance.url);
  const target = {
    target: { protocol, host, hostname, port: portOf(protocol, port) },
    toProxy: true,
    prependPath: false,
    connectTimeout: connect?.timeoutMs ?? 0,
  } as const;
  const isPlain = protocol === "http:" && instance.socketPath === undefined;
  return isPlain || connect === undefined
    ? target
    : { ...target, agent: agentOf(instance, connect) };
}

function portOf(protocol: string, port: string): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}

function agentOf(instance: InstanceReference, plan: ConnectPlan): Agent {
  const known = AGENTS.get(plan) ?? new WeakMap<InstanceReference, Agent>();
  AGENTS.set(plan, known);
  const agent = known.get(instance) ?? new ConnectorAgent(instance, plan);
  known.set(instance, agent);
  return agent;
}

/** Connections as the pools make them: the same identity, pins and socket. A websocket is spoken over HTTP/1.1. */
class ConnectorAgent extends Agent {
  readonly #connector: Connector;

  constructor(instance: InstanceReference, plan: ConnectPlan) {
    super({ keepAlive: false });
    this.#connector = new Connector(instance, plan);
    // Node compares it with the scheme of the request.
    Object.assign(this, { protocol: this.#connector.isSecure ? "https:" : "http:" });
  }

  override createConnection(
    _options: ClientRequestArgs,
    connected?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#connector.connect(["http/1.1"], (error, socket) => connected?.(error, socket as Duplex));
    return undefined;
  }
}
