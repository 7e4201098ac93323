import { createServer } from "node:http";
import { createGateway, gatewayListener } from "@signalbox/http";
import { proxyRoutes } from "../../proxy-targets.ts";
import { gatewayRoutes, gatewayService } from "../../routes.ts";
import { listenOn, type ProxySubject } from "./subject.ts";

/** All of it: 200 routes with conditions, a split, balancing, and health that learns from each outcome. */
export const subject: ProxySubject = {
  listen(backend) {
    const gateway = createGateway({
      services: { shop: gatewayService(backend.urls) },
      routes: gatewayRoutes(proxyRoutes(), ["shop"]),
    });
    return listenOn(
      createServer(
        gatewayListener(gateway, {
          fallback: (_request, response) => void response.writeHead(404).end(),
        }),
      ),
    );
  },
};
