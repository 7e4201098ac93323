import { createServer } from "node:http";
import { createProxyServer } from "httpxy";
import { firstUrl } from "../../backend.ts";
import { keptConnections, listenOn, type ProxySubject } from "./subject.ts";

export const subject: ProxySubject = {
  listen(backend) {
    const proxy = createProxyServer({ target: firstUrl(backend), agent: keptConnections() });
    return listenOn(
      createServer((request, response) => {
        proxy.web(request, response).catch(() => response.destroy());
      }),
    );
  },
};
