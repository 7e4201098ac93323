import { once } from "node:events";
import { request as plain, type ClientRequest, type IncomingMessage } from "node:http";
import { request as secure } from "node:https";

/** What a request is made of. */
export interface Sent {
  readonly method?: string;
  /** Flat or as an object, as Node takes them. */
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
}

/** A whole response. */
export interface Got {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** Begins a request on a connection of its own. */
export function begin(url: string, { method = "GET", headers = {} }: Sent = {}): ClientRequest {
  const { protocol } = new URL(url);
  const options = { method, headers, agent: false } as const;
  // The certificate of a test is signed by nobody.
  return protocol === "https:"
    ? secure(url, { ...options, rejectUnauthorized: false })
    : plain(url, options);
}

/** The head of a response. */
export async function head(req: ClientRequest): Promise<IncomingMessage> {
  const [res] = (await once(req, "response")) as [IncomingMessage];
  return res;
}

/** Sends a request and reads the whole response. */
export async function ask(url: string, sent: Sent = {}): Promise<Got> {
  const req = begin(url, sent);
  req.end(sent.body);
  const res = await head(req);
  const parts = (await res.toArray()) as Buffer[];
  return {
    status: res.statusCode as number,
    headers: res.headers,
    rawHeaders: res.rawHeaders,
    body: Buffer.concat(parts),
  };
}

/** The text that a request is answered with. */
export async function textOf(url: string, sent?: Sent): Promise<string> {
  return (await ask(url, sent)).body.toString();
}
