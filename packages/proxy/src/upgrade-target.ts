import type { ConnectPlan, ForwardDecision } from "@signalbox/core";

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
}

/** The one place that says how instances are reached for upgrades. */
export function upgradeTarget(
  { instance }: ForwardDecision,
  connect: ConnectPlan | undefined,
): UpgradeTarget {
  const { protocol, host, hostname, port } = new URL(instance.url);
  return {
    target: { protocol, host, hostname, port: portOf(protocol, port) },
    toProxy: true,
    prependPath: false,
    connectTimeout: connect?.timeoutMs ?? 0,
  };
}

function portOf(protocol: string, port: string): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}
