import { analyzeRoutes } from "../analysis/analyze.js";
import { createGateway } from "../gateway.js";
import { routeTester } from "../testing/tester.js";
import { defineConfig } from "./define-config.js";

const config = defineConfig({
  services: { orders: { instances: [{ url: "http://10.0.0.9:8080", version: "v1" }] } },
  routes: [{ id: "order", match: { path: "/orders/:id" }, to: "orders" }],
});

// One config for all that take one.
analyzeRoutes(config);
routeTester(config);
const gateway = createGateway(config);
gateway.update(config);

// The gateway knows the routes of it.
const decision = gateway.decide({ method: "GET", url: "/orders/7" });
if (decision.kind === "forward" && decision.route === "order") decision.params.id satisfies string;
// @ts-expect-error there is no such route
if (decision.kind === "forward") decision.route satisfies "orders";

defineConfig({
  services: { orders: { instances: [{ url: "http://10.0.0.9:8080", version: "v1" }] } },
  routes: [
    // @ts-expect-error no service is called so
    { to: "ordrs" },
    // @ts-expect-error no instance has this version
    { to: { service: "orders", version: "v2" } },
    // @ts-expect-error the path has no such parameter
    { match: { path: "/orders/:id" }, to: "orders", rewrite: { path: "/:key" } },
  ],
});
