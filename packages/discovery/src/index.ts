/**
 * Instance lists for a gateway that come from elsewhere: files, DNS, or a source of your own.
 *
 * @module @signalbox/discovery
 */

export { discover, type DiscoverOptions, type Discovery, type DiscoveryState } from "./discover.js";
export { DiscoveryError, type DiscoveryErrorKind } from "./discovery-error.js";
export type { BackoffOptions } from "./backoff.js";
export type { DiscoverySource, InstanceList, WatchInstances } from "./source.js";
export { staticSource } from "./static-source.js";
export { fileSource, type FileSourceOptions } from "./file-source.js";
export { dnsSource, type DnsSourceOptions } from "./dns-source.js";
export { srvSource, type SrvSourceOptions } from "./srv-source.js";
export type { InstanceLabels } from "./instance-at.js";
export type { RefreshOptions } from "./refresh.js";
export type { AddressType, ResolverOptions } from "./resolve-addresses.js";
export type { Timers } from "./timers.js";
