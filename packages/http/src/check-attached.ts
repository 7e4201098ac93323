import { describeValue } from "@signalbox/proxy";

const METHODS = ["listen", "close", "address", "on", "rawListeners"] as const;

/** @throws TypeError for what is no server of Node, such as an application of a framework */
export function checkAttached(server: unknown): void {
  if (typeof server === "object" && server !== null) {
    const methods = server as { readonly [name: string]: unknown };
    if (METHODS.every((name) => typeof methods[name] === "function")) return;
  }
  const hint =
    typeof server === "function" ? "; createServer(app) makes one of an application" : "";
  throw new TypeError(
    `attachGateway: expected a server of node:http, https or http2, got ${describeValue(server)}${hint}`,
  );
}
