import type { ConfigFor } from "./literal.js";

/**
 * A configuration that is checked by its type as in the call of `createGateway`, for one that several use: the server,
 * its tests, an analysis. It is returned as it is.
 *
 * @example
 * export const config = defineConfig({
 *   services: { orders: { instances: ["http://10.0.0.9:8080"] } },
 *   routes: [{ id: "order", match: { path: "/orders/:id" }, to: "orders" }],
 * });
 */
export function defineConfig<const Config extends object>(config: ConfigFor<Config>): Config {
  return config as Config;
}
