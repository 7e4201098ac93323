import { NODATA, NOTFOUND, type RecordWithTtl } from "node:dns";
import { Resolver } from "node:dns/promises";
import { checkTime } from "./timers.js";

/** Which addresses of a name are asked for. */
export type AddressType = "A" | "AAAA" | "both";

/** Who is asked, and for how long. */
export interface ResolverOptions {
  /**
   * Name servers, as addresses with or without a port: `"10.0.0.2"`, `"127.0.0.1:8600"`, `"[::1]:53"`. They are asked in this
   * order, the next when one does not answer. Default: those of the system, looked up each time. Error: TypeError for a malformed
   * one.
   */
  readonly servers?: readonly string[];
  /** How long a server has to answer a question. Unit: milliseconds. Default: 2 000. Error: RangeError unless at least 1. */
  readonly timeoutMs?: number;
  /** How often each server is asked before it counts as a failure. Default: 2. Error: RangeError unless at least 1. */
  readonly tries?: number;
}

/** Who is asked, with the defaults filled in. */
export interface ResolverRule {
  readonly servers: readonly string[] | undefined;
  readonly timeoutMs: number;
  readonly tries: number;
}

/** @throws RangeError, TypeError for an option that cannot be */
export function resolverRule(options: ResolverOptions): ResolverRule {
  const { servers, timeoutMs = 2000, tries = 2 } = options;
  checkTime("timeoutMs", timeoutMs, 1);
  checkTime("tries", tries, 1);
  newResolver({ servers, timeoutMs, tries });
  return { servers, timeoutMs, tries };
}

/** A resolver of its own for each question: it reads the system's servers anew, and is cancelled alone. */
export function newResolver({ servers, timeoutMs, tries }: ResolverRule): Resolver {
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  if (servers !== undefined) resolver.setServers(servers);
  return resolver;
}

/** Addresses of a name. */
export interface Addresses {
  readonly addresses: readonly string[];
  /** The shortest TTL of them, in seconds; undefined when there are none. */
  readonly ttlS: number | undefined;
}

/**
 * The addresses of a name, none when it does not exist or has none of these. Rejects when a server fails or none answers, for one
 * type of two also: half of the addresses are no list.
 */
export async function resolveAddresses(
  resolver: Resolver,
  name: string,
  type: AddressType,
): Promise<Addresses> {
  const records = await Promise.all([
    type === "AAAA" ? [] : orNone(resolver.resolve4(name, { ttl: true })),
    type === "A" ? [] : orNone(resolver.resolve6(name, { ttl: true })),
  ]);
  const all = records.flat();
  return {
    addresses: [...new Set(all.map(({ address }) => address))].toSorted(),
    ttlS: shortest(all.map(({ ttl }) => ttl)),
  };
}

/** The shortest of some times; undefined when there are none. */
export function shortest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times);
}

async function orNone(answer: Promise<RecordWithTtl[]>): Promise<RecordWithTtl[]> {
  try {
    return await answer;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === NOTFOUND || code === NODATA) return [];
    throw error;
  }
}
