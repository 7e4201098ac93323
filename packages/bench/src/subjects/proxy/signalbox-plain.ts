import { createServer } from "node:http";
import { createGateway, gatewayListener } from "@signalbox/http";
import { firstUrl } from "../../backend.ts";
import { listenOn, type ProxySubject } from "./subject.ts";

/** One route to one instance: what is left of the cost of Signalbox when there is nothing to decide. */
export const subject: ProxySubject = {
  listen(backend) {
    const gateway = createGateway([{ path: "/*", to: firstUrl(backend) }]);
    return listenOn(createServer(gatewayListener(gateway)));
  },
};
