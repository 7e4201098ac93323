import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { Gateway, InstanceHandler } from "@signalbox/core";
import { BodyReadError } from "@signalbox/proxy";

/** A function that answers a request; undefined hands it on to what stands behind the gateway. */
export type FetchFunction = (
  request: Request,
) => Response | undefined | Promise<Response | undefined>;

type NodeHandler = (
  req: IncomingMessage & { readonly rawBody?: Uint8Array },
  res: ServerResponse,
  next: () => void,
) => Promise<void>;

/** On functions that were made here. */
const MADE = Symbol("signalbox.fetch.handler");

/**
 * Makes an instance of a function from `Request` to `Response`, such as the `fetch` of an application of Hono: for the
 * `handler` of an instance, in every adapter. The request has the path and the headers that the route gives it; its signal is
 * aborted when the client leaves, and when a time limit cuts the response. What the function throws is a 500.
 *
 * @example
 * const app = new Hono().get("/cart/:id", (c) => c.text("old"));
 * createGateway({
 *   services: { cart: { instances: [{ handler: instanceHandler((request) => app.fetch(request)) }] } },
 *   routes: [{ match: { path: "/cart/*" }, to: "cart" }],
 * });
 */
export function instanceHandler(answer: FetchFunction): InstanceHandler {
  const handler: NodeHandler = async (req, res, next) => {
    const controller = new AbortController();
    res.on("close", () => {
      if (!res.writableFinished) controller.abort();
    });
    const response = await answer(requestOf(req, controller.signal));
    if (response === undefined) next();
    else await send(response, res);
  };
  return Object.assign(handler, { [MADE]: true });
}

const WRONG_KIND = "takes requests of Node; make it with instanceHandler((request) => response)";

/** Why a function cannot answer a `Request`; undefined for what was made here. */
export function handlerProblem(handler: InstanceHandler): string | undefined {
  return MADE in handler ? undefined : `fetchHandler: the handler ${WRONG_KIND}`;
}

/** @throws TypeError when an instance of a gateway is a function that takes no `Request` */
export function checkHandlers(gateway: Gateway): void {
  for (const service of gateway.services) {
    for (const { id, handler } of gateway.instancesOf(service)) {
      if (handler === undefined || handlerProblem(handler) === undefined) continue;
      throw new TypeError(
        `fetchHandler: the handler of instance "${id}" of service "${service}" ${WRONG_KIND}`,
      );
    }
  }
}

function requestOf(req: Parameters<NodeHandler>[0], signal: AbortSignal): Request {
  const { method = "GET", url, rawHeaders, socket } = req;
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    // Those of HTTP/2, and the framing of a connection that nobody sees here.
    if (name.startsWith(":") || name.toLowerCase() === "transfer-encoding") continue;
    headers.append(name, rawHeaders[i + 1] as string);
  }
  const scheme = "encrypted" in socket && socket.encrypted === true ? "https" : "http";
  const host = headers.get("host") ?? req.headers[":authority"] ?? "localhost";
  const body = method === "GET" || method === "HEAD" ? null : bodyOf(req);
  const init = { method, headers, signal, body, duplex: "half" };
  return new Request(`${scheme}://${String(host)}${String(url)}`, init as RequestInit);
}

function bodyOf(req: Parameters<NodeHandler>[0]): ReadableStream | Uint8Array | null {
  if (req.rawBody !== undefined) return req.rawBody;
  if (req.readableDidRead) throw new BodyReadError("somebody has read it");
  return req.complete && req.readableLength === 0 ? null : lazily(req);
}

// A function that hands the request on must find the body as it came: nothing is read before it asks.
function lazily(req: IncomingMessage): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    reader ??= (Readable.toWeb(req) as ReadableStream<Uint8Array>).getReader();
    const part = await reader.read();
    if (part.done) controller.close();
    else controller.enqueue(part.value);
  };
  const cancel = (): void => void reader?.cancel().catch(ignore);
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}

async function send(response: Response, res: ServerResponse): Promise<void> {
  const headers: string[] = [];
  for (const [name, value] of response.headers) headers.push(name, value);
  res.writeHead(response.status, headers);
  if (response.body === null) {
    res.end();
    return;
  }
  const reader = response.body.getReader();
  const onClose = (): void => void reader.cancel().catch(ignore);
  res.on("close", onClose);
  res.flushHeaders();
  for (let part = await reader.read(); !part.done; part = await reader.read())
    if (!res.write(part.value) && !(await hasDrained(res))) return;
  res.off("close", onClose);
  res.end();
}

// Neither comes when the other has: a response that is gone drains no more.
async function hasDrained(res: ServerResponse): Promise<boolean> {
  if (res.destroyed) return false;
  const controller = new AbortController();
  const { signal } = controller;
  const drained = once(res, "drain", { signal }).then(() => true);
  const closed = once(res, "close", { signal }).then(() => false);
  const result = await Promise.race([drained, closed]);
  drained.catch(ignore);
  closed.catch(ignore);
  controller.abort();
  return result;
}

function ignore(): void {}
