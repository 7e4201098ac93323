import { createServer, request as send } from "node:http";
import { firstUrl } from "../../backend.ts";
import { endToEnd } from "./hop-by-hop.ts";
import { keptConnections, listenOn, type ProxySubject } from "./subject.ts";

/** Node's own client, with both bodies piped: what most would write by hand. */
export const subject: ProxySubject = {
  listen(backend) {
    const { hostname, port } = new URL(firstUrl(backend));
    const agent = keptConnections();
    return listenOn(
      createServer((request, response) => {
        const { method, url: path } = request;
        const headers = endToEnd(request.headers);
        const upstream = send({ hostname, port, agent, method, path, headers }, (answer) => {
          response.writeHead(answer.statusCode as number, endToEnd(answer.headers));
          answer.on("error", () => response.destroy());
          answer.pipe(response);
        });
        upstream.on("error", () => {
          if (response.headersSent) response.destroy();
          else response.writeHead(502).end();
        });
        response.on("close", () => {
          if (!response.writableFinished) upstream.destroy();
        });
        request.pipe(upstream);
      }),
    );
  },
};
