import { createGateway, systemEnv } from "@signalbox/core";

/** A configuration of one service with one instance. */
export const configWith = (instance: string) => ({
  services: { products: { instances: [instance] } },
  routes: [{ match: { path: "/*" }, to: "products" }],
});
/** A gateway of it whose clock stands still. */
export const products = () =>
  createGateway(configWith("http://seed"), { env: { ...systemEnv(), now: () => 1000 } });
