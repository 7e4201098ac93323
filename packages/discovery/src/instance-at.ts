import { isIPv6 } from "node:net";
import type { InstanceConfig } from "@signalbox/core";

/** What all instances of a name have in common. */
export interface InstanceLabels {
  /** Scheme of their URLs. Default: `"http"`. */
  readonly scheme?: "http" | "https";
  /** Version that they run. Default: none. */
  readonly version?: string;
  /** Zone that they are in. Default: none. */
  readonly zone?: string;
}

/** An instance at a host (a name, or an address of either family) and a port. */
export function instanceAt(
  host: string,
  port: number,
  { scheme = "http", version, zone }: InstanceLabels,
): Exclude<InstanceConfig, string> {
  return {
    url: `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    ...(version === undefined ? {} : { version }),
    ...(zone === undefined ? {} : { zone }),
  };
}
