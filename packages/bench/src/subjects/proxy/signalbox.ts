import { createServer } from "node:http";
import { createGateway, gatewayListener } from "@signalbox/http";
import { everythingOn, everythingOptions } from "./everything-on.ts";
import { listenOn, type ProxySubject } from "./subject.ts";

/** All of it, and everything on. */
export const subject: ProxySubject = {
  listen(backend) {
    const listener = gatewayListener(createGateway(everythingOn(backend)), {
      ...everythingOptions,
      fallback: (_request, response) => void response.writeHead(404).end(),
    });
    return listenOn(createServer(listener).on("upgrade", listener.upgrade));
  },
};
