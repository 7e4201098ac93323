import { createServer } from "node:http";
import { createProxyServer } from "http-proxy-3";
import { firstUrl } from "../../backend.ts";
import { keptConnections, listenOn, type ProxySubject } from "./subject.ts";

export const subject: ProxySubject = {
  listen(backend) {
    const proxy = createProxyServer({ target: firstUrl(backend), agent: keptConnections() });
    proxy.on("error", (_error, _request, response) => void response.end());
    const server = createServer((request, response) => proxy.web(request, response));
    server.on("upgrade", (request, socket, head) => proxy.ws(request, socket, head));
    return listenOn(server);
  },
};
