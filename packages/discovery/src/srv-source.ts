import { instanceAt, type InstanceLabels } from "./instance-at.js";
import { refreshing, type Answer, type RefreshOptions } from "./refresh.js";
import {
  newResolver,
  resolveAddresses,
  resolverRule,
  shortest,
  type AddressType,
  type ResolverOptions,
  type ResolverRule,
} from "./resolve-addresses.js";
import type { WatchInstances } from "./source.js";
import { querySrv, type SrvAnswer } from "./srv-query.js";
import { merged, sharesOf, type Share } from "./srv-shares.js";
import { systemTimers } from "./timers.js";

/** A name whose SRV records are the instances. */
export interface SrvSourceOptions extends InstanceLabels, ResolverOptions, RefreshOptions {
  /** The whole name, such as `_http._tcp.products.internal`. */
  readonly name: string;
  /**
   * Looks the addresses of the targets up, at the same servers, and makes each an instance; the weight of a target is spread over its
   * addresses. For targets that only these servers know. Default: a target is an instance, by its name, which is looked up when it
   * is connected to and which certificates are checked against.
   */
  readonly addresses?: AddressType;
}

/**
 * One instance for each target of the SRV records of a name, asked for again when the TTL is over. Priority becomes `tier`; weight
 * becomes `weight`, where records of weight 0 get the very small share that RFC 2782 gives them. A name that does not exist, has no
 * such record or only the target `.` is an empty list; a server that fails or does not answer is a failure.
 *
 * Source: RFC 2782.
 *
 * @throws RangeError for an option out of its bounds, TypeError for a malformed server
 *
 * @example
 * const source = srvSource({ name: "_http._tcp.products.internal", scheme: "https" });
 * discover(gateway.service("products"), source);
 */
export function srvSource(options: SrvSourceOptions): WatchInstances {
  const { name, addresses, timers = systemTimers } = options;
  const rule = resolverRule(options);
  return refreshing(async (signal): Promise<Answer> => {
    const answer = await querySrv(name, rule, timers, signal);
    const { shares, ttlS } =
      addresses === undefined
        ? { shares: sharesOf(answer.records), ttlS: answer.ttlS }
        : await spread(answer, addresses, rule, signal);
    const instances = merged(shares).map(({ host, port, tier, weight }) => {
      return { ...instanceAt(host, port, options), tier, weight };
    });
    return { instances, ttlS };
  }, options);
}

/** The addresses of the targets in the place of their names. */
async function spread(
  answer: SrvAnswer,
  type: AddressType,
  rule: ResolverRule,
  signal: AbortSignal,
): Promise<{ readonly shares: readonly Share[]; readonly ttlS: number | undefined }> {
  const resolver = newResolver(rule);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener("abort", cancel);
  try {
    const named = sharesOf(answer.records);
    const hosts = [...new Set(named.map(({ host }) => host))];
    const found = new Map(
      await Promise.all(
        hosts.map(async (host) => [host, await resolveAddresses(resolver, host, type)] as const),
      ),
    );
    const shares = named.flatMap((share) => {
      const { addresses } = found.get(share.host) ?? { addresses: [] };
      const weight = share.weight / addresses.length;
      return addresses.map((host) => ({ ...share, host, weight }));
    });
    const ttls = [answer.ttlS, ...[...found.values()].map(({ ttlS }) => ttlS)];
    return { shares, ttlS: shortest(ttls.filter((ttlS) => ttlS !== undefined)) };
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}
