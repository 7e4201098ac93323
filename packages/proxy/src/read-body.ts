import { Readable } from "node:stream";
import { LENGTH } from "./request-marks.js";
import { hasBody, type ServerRequest } from "./view.js";

/** What frameworks leave at a request whose body they read: `body` is that of Express, `rawBody` a custom of many. */
interface HostRequest {
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

/** The body of a request was read before the gateway got it, and cannot be sent as it came. */
export class BodyReadError extends Error {
  override readonly name = "BodyReadError";
  readonly code = "BODY_ALREADY_READ";
  /** For hosts that answer errors: the status that it comes to. */
  readonly status = 500;

  /** @param why it cannot be sent as it came */
  constructor(why: string) {
    super(
      `the body of this request was read before the gateway got it, and cannot be sent on as it came: ${why}; ` +
        "mount the gateway before what reads bodies, or keep the bytes: as req.rawBody, or handler(request, { rawBody }) of fetchHandler",
    );
  }
}

const warned = new WeakSet<object>();

/**
 * Warns of the first body at a proxy that was read before: nobody else may hear of it, and the client is told nothing of
 * how the server is made.
 */
export function warnOfReadBody(proxy: object, error: unknown): void {
  if (!(error instanceof BodyReadError) || warned.has(proxy)) return;
  warned.add(proxy);
  process.emitWarning(error.message, { type: "SignalboxWarning", code: error.code });
}

/** Whether somebody has read of the body of a request, so that it does not come any more. */
export function wasRead(req: ServerRequest, marks: number): boolean {
  return (req.readableEnded || (req.readableDidRead && !isPutBack(req))) && hasBody(req, marks);
}

// What somebody looked at and put back waits to be read, and nobody takes it.
function isPutBack(req: ServerRequest): boolean {
  return req.readableFlowing !== true && req.readableLength > 0;
}

/**
 * The body of a request that was read before, as a stream of the same bytes.
 *
 * @throws BodyReadError when what was left of it is not what came
 */
export function readBody(req: ServerRequest, marks: number): Readable {
  const bytes = bytesOfRead(req);
  const length = (marks & LENGTH) === 0 ? undefined : Number(req.headers["content-length"]);
  if (length !== undefined && length !== bytes.length)
    throw new BodyReadError(
      `what was kept of it makes ${bytes.length} bytes, and the client sent ${length}`,
    );
  // One part, and the end: nobody has to ask for it.
  return new Readable({
    read() {
      this.push(bytes.length === 0 ? null : bytes);
      if (bytes.length > 0) this.push(null);
    },
  });
}

function bytesOfRead(req: ServerRequest & HostRequest): Buffer {
  const { rawBody, body } = req;
  if (!req.readableDidRead) return Buffer.alloc(0);
  if (!req.readableEnded) throw new BodyReadError("somebody is still reading it");
  if (isBytes(rawBody)) return Buffer.from(rawBody);
  if (typeof rawBody === "string") return Buffer.from(rawBody);
  // What a parser has unpacked is not what came.
  if ((req.headers["content-encoding"] ?? "identity") !== "identity")
    throw new BodyReadError("it came packed");
  if (isBytes(body)) return Buffer.from(body);
  if (typeof body === "string" && isUtf8(req)) return Buffer.from(body);
  const text = textOf(req, body);
  if (text === undefined) throw new BodyReadError("what it was parsed into says not enough of it");
  return Buffer.from(text);
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function isUtf8(req: ServerRequest): boolean {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(req.headers["content-type"] ?? "")?.[1];
  return charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset);
}

// Only with a length to compare with can it be told that nothing was lost on the way.
function textOf(req: ServerRequest, body: unknown): string | undefined {
  if (req.headers["content-length"] === undefined || !isUtf8(req)) return undefined;
  const [type = ""] = (req.headers["content-type"] ?? "").split(";");
  if (/^application\/(?:.+\+)?json$/i.test(type.trim())) return jsonOf(body);
  return /^application\/x-www-form-urlencoded$/i.test(type.trim()) ? formOf(body) : undefined;
}

// A number of more digits than a double holds may have come as another one.
function jsonOf(body: unknown): string | undefined {
  let isExact = true;
  const text = JSON.stringify(body, (_name, value: unknown) => {
    if (typeof value === "number" && String(value).replace(/\D/g, "").length > 15) isExact = false;
    return value;
  });
  return isExact ? text : undefined;
}

function formOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const fields = Object.entries(body);
  if (!fields.every((field): field is [string, string] => typeof field[1] === "string"))
    return undefined;
  return new URLSearchParams(fields).toString();
}
