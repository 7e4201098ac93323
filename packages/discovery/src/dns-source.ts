import { instanceAt, type InstanceLabels } from "./instance-at.js";
import { refreshing, type RefreshOptions } from "./refresh.js";
import {
  newResolver,
  resolveAddresses,
  resolverRule,
  type AddressType,
  type ResolverOptions,
} from "./resolve-addresses.js";
import type { WatchInstances } from "./source.js";

/** A name whose addresses are the instances. */
export interface DnsSourceOptions extends InstanceLabels, ResolverOptions, RefreshOptions {
  /** The whole name: search domains are not tried. */
  readonly name: string;
  /** Port of the instances. */
  readonly port: number;
  /**
   * Which addresses are instances. With `"both"` one that has an address of each family counts as two. Default: `"A"`.
   */
  readonly type?: AddressType;
}

/**
 * One instance for each address of a name, asked for again when its TTL is over. A name that does not exist (NXDOMAIN), or
 * has no such address, is an empty list; a server that fails or does not answer is a failure. Certificates of `https` instances
 * are checked against the address, unless `connect.tls.serverName` of the service says for whom they are.
 *
 * Source: RFC 1035 and 3596; RFC 2308 for names that are empty.
 *
 * @throws RangeError for an option out of its bounds, TypeError for a malformed server
 *
 * @example
 * const source = dnsSource({ name: "products.shop.svc.cluster.local", port: 8080 });
 * discover(gateway.service("products"), source);
 */
export function dnsSource(options: DnsSourceOptions): WatchInstances {
  const { name, port, type = "A" } = options;
  const rule = resolverRule(options);
  return refreshing(async (signal) => {
    const resolver = newResolver(rule);
    const cancel = (): void => resolver.cancel();
    signal.addEventListener("abort", cancel);
    try {
      const { addresses, ttlS } = await resolveAddresses(resolver, name, type);
      return { instances: addresses.map((address) => instanceAt(address, port, options)), ttlS };
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }, options);
}
