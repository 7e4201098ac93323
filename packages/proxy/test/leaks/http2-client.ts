import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { createSecureContext, type SecureContext } from "node:tls";
import { bodyOf, isPartOf } from "../hostile/bodies.js";
import type { Leave, Plan, Result, Verdict } from "../hostile/plan.js";
import { uploadId } from "../hostile/visit.js";
import type { Visits } from "../hostile/visits.js";

/** Streams that a connection carries in its life. */
const STREAMS = 50;

/** A connection, and what it carries. */
interface Shared {
  readonly session: ClientHttp2Session;
  begun: number;
  active: number;
}

/** Clients over HTTP/2 that share connections. A connection is over with the last of its streams. */
export class Http2Clients {
  readonly #url: string;
  readonly #secureContext: SecureContext | undefined;
  #current: Shared | undefined;

  /** @param ca who is trusted, where the URL is `https:` */
  constructor(url: string, ca?: string) {
    this.#url = url;
    this.#secureContext = ca === undefined ? undefined : createSecureContext({ ca });
  }

  /** Sends a request, and says what came of it. Never rejects. */
  async send(plan: Plan, visits: Visits, limitMs: number): Promise<Result> {
    const shared = this.#current ?? this.#connect();
    shared.active++;
    this.#current = ++shared.begun < STREAMS ? shared : undefined;
    const { result } = new Http2Exchange(shared.session, plan, visits, limitMs);
    await result;
    if (--shared.active === 0) this.#close(shared);
    return result;
  }

  #connect(): Shared {
    const secureContext = this.#secureContext;
    const options = secureContext === undefined ? {} : { secureContext };
    const session = connect(this.#url, options).on("error", () => {});
    return { session, begun: 0, active: 0 };
  }

  #close(shared: Shared): void {
    if (this.#current === shared) this.#current = undefined;
    shared.session.close();
  }
}

/** One request on a stream, of which every byte is checked. */
class Http2Exchange {
  readonly result: Promise<Result>;
  readonly #plan: Plan;
  readonly #stream: ClientHttp2Stream;
  #status = 0;
  #isOwn = false;
  #received = 0;
  #announced = 0;
  #why = "";
  #hasLeft = false;
  #isHung = false;

  constructor(session: ClientHttp2Session, plan: Plan, visits: Visits, limitMs: number) {
    this.#plan = plan;
    const hasUpload = plan.upload !== undefined;
    const options = { endStream: !hasUpload, waitForTrailers: hasUpload };
    const stream = session.request(headOf(plan), options);
    this.#stream = stream;
    stream
      .on("response", (headers) => {
        this.#onHead(headers);
        // Not sooner: of a head Node may tell in a later tick than of what came right behind it.
        stream.on("data", (bytes: Buffer) => this.#onData(bytes));
      })
      .on("error", () => {})
      // An upload that is broken off must not look like one that has ended.
      .on("wantTrailers", () => {
        if (!this.#hasLeft) stream.sendTrailers({});
      });
    if (hasUpload) this.#upload();
    if (plan.leave === "waiting") visits.whenSeen(plan.id, () => this.#leaveAt("waiting"));
    const timer = setTimeout(() => {
      this.#isHung = true;
      stream.destroy();
    }, limitMs);
    this.result = new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        resolve({ plan, verdict: this.#verdict(), status: this.#status, why: this.#why });
        stream.destroy();
      };
      // Node never closes a stream that is reset behind its answer while a write waits for leave to go out.
      stream.on("end", () => setImmediate(settle)).on("close", settle);
    });
  }

  // In two parts.
  #upload(): void {
    const { id, upload } = this.#plan;
    const body = bodyOf(uploadId(id), upload?.length ?? 0);
    const middle = body.length >> 1;
    this.#stream.write(body.subarray(0, middle), () => {
      this.#leaveAt("in-upload");
      if (!this.#hasLeft) this.#stream.end(body.subarray(middle));
    });
  }

  #onHead(headers: IncomingHttpHeaders): void {
    this.#status = Number(headers[":status"]);
    this.#isOwn = headers["x-id"] === undefined;
    this.#announced = Number(headers["x-length"] ?? -1);
    if (!this.#isOwn && headers["x-id"] !== this.#plan.id)
      this.#why = `the answer to ${String(headers["x-id"])}`;
    this.#leaveAt("at-answer");
  }

  #onData(bytes: Buffer): void {
    if (!this.#isOwn && !isPartOf(this.#plan.id, this.#received, bytes))
      this.#why = `bytes of another body at ${this.#received}`;
    this.#received += bytes.length;
    this.#leaveAt("in-answer");
  }

  #leaveAt(stage: Leave): void {
    if (this.#plan.leave !== stage || this.#hasLeft || this.#stream.closed) return;
    this.#hasLeft = true;
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  get #isBodyless(): boolean {
    return this.#plan.method === "HEAD" || this.#status === 204;
  }

  #verdict(): Verdict {
    if (this.#isHung) return "hung";
    if (this.#why !== "") return "wrong";
    if (this.#hasLeft) return "left";
    if (this.#status === 0 || this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR) return "cut";
    if (this.#isOwn) return "ours";
    if (this.#isBodyless || this.#received === this.#announced) return "whole";
    this.#why = `${this.#received} bytes of ${this.#announced} given out as all`;
    return "wrong";
  }
}

function headOf({ method, path, upload }: Plan): OutgoingHttpHeaders {
  const head = { ":method": method, ":path": path, ":authority": "chaos.test" };
  return upload === undefined ? head : { ...head, "x-upload": String(upload.length) };
}
