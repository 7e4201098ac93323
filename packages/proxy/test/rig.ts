import { afterEach } from "vitest";
import { startProxy, startServer, type TestProxy, type TestServer } from "./kit.js";

/** Servers of a test file, all of which are closed behind each test. */
export interface Rig {
  backend(...args: Parameters<typeof startServer>): Promise<TestServer>;
  gatewayTo(...args: Parameters<typeof startProxy>): Promise<TestProxy>;
}

export function rig(): Rig {
  const open: TestServer[] = [];
  afterEach(async () => {
    // Those behind which others stand go first.
    for (const server of open.splice(0).toReversed()) await server.close();
  });
  const track = <Server extends TestServer>(server: Server): Server => {
    open.push(server);
    return server;
  };
  return {
    backend: async (...args) => track(await startServer(...args)),
    gatewayTo: async (...args) => track(await startProxy(...args)),
  };
}

/** A config of one service `s` behind one route. */
export function oneService(
  instances: readonly (string | { readonly url: string; readonly version?: string })[],
  route: object = {},
  service: object = {},
) {
  return {
    services: { s: { instances, balancer: "round-robin" as const, ...service } },
    routes: [{ id: "all", match: { path: "/*" }, to: "s", ...route }],
  };
}
