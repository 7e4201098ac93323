import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { Pool, type Dispatcher } from "undici";
import { endToEnd, requestHead } from "./hop-by-hop.ts";
import { CONNECTIONS, listenOn, type ProxySubject } from "./subject.ts";

/**
 * The least that a correct forwarder on undici does: both heads without hop-by-hop fields, back-pressure in both
 * directions, and an end when either side ends. What a gateway costs is what it costs beside this one.
 */
export const subject: ProxySubject = {
  listen(backend) {
    // To the instances in turn, as a gateway spreads requests: sockets of several pools cost more than those of one.
    const pools = backend.urls.map((url) => new Pool(url, { connections: CONNECTIONS }));
    let turn = 0;
    return listenOn(
      createServer((request, response) => {
        const { headers, hasBody } = requestHead(request.rawHeaders);
        const pool = pools[turn++ % pools.length] as Pool;
        pool.dispatch(
          {
            method: request.method as Dispatcher.HttpMethod,
            path: request.url as string,
            headers,
            body: hasBody ? request : null,
          },
          new Forward(response),
        );
      }),
    );
  },
};

class Forward implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const response = this.#response;
    response.on("drain", () => controller.resume());
    response.on("close", () => {
      if (!response.writableFinished) controller.abort(new Error("The client left."));
    });
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status >= 200) this.#response.writeHead(status, endToEnd(headers));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // After each pause undici hands over an empty chunk first; writing it would cost a system call.
    if (chunk.length > 0 && !this.#response.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    if (this.#response.headersSent) this.#response.destroy();
    else this.#response.writeHead(502).end();
  }
}
