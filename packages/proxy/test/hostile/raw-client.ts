import { connect, type Socket } from "node:net";
import { bodyOf, isPartOf } from "./bodies.js";
import {
  MessageReader,
  statedFraming,
  valuesOf,
  type Framing,
  type Head,
} from "./message-reader.js";
import type { Plan, Result, Verdict } from "./plan.js";
import { uploadId } from "./visit.js";
import type { Visits } from "./visits.js";

/** Statuses that the gateway itself may answer with. */
const OURS: readonly number[] = [400, 408, 413, 431, 502, 503, 504];

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

export interface ClientOptions {
  readonly visits: Visits;
  /** How long a request may take until it counts as hung. Unit: milliseconds. */
  readonly limitMs: number;
}

/** A client on one raw connection that believes nothing: it checks every byte and its framing. */
export class RawClient {
  readonly #options: ClientOptions;
  readonly #socket: Socket;
  readonly #reader: MessageReader;
  #plan: Plan | undefined;
  #resolve: ((result: Result) => void) | undefined;
  #status = 0;
  #isOwn = false;
  #isLast = false;
  #isUploading = false;
  #received = 0;
  #announced = 0;
  #timer: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;

  constructor(port: number, options: ClientOptions) {
    this.#options = options;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#reader = new MessageReader({
      onHead: (head) => this.#onHead(head),
      onData: (bytes) => this.#onData(bytes),
      onEnd: () => this.#onEnd(),
      onBad: (why) => this.#settle("wrong", why),
    });
    this.#socket.on("data", (bytes: Buffer) => this.#onBytes(bytes));
    this.#socket.on("error", () => {});
    this.#socket.on("end", () => this.#reader.close());
    this.closed = new Promise((resolve) => {
      this.#socket.on("close", () => {
        this.#onClose();
        resolve();
      });
    });
  }

  /** Whether another request may be sent. */
  get isReusable(): boolean {
    return this.#socket.writable && this.#plan === undefined && !this.#isLast && !this.#isUploading;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Sends a request, and says what came of it. Never rejects. */
  send(plan: Plan): Promise<Result> {
    this.#plan = plan;
    this.#status = 0;
    this.#received = 0;
    this.#timer = setTimeout(() => this.#settle("hung"), this.#options.limitMs);
    if (plan.leave === "waiting")
      this.#options.visits.whenSeen(plan.id, () => this.#leaveAt("waiting", plan));
    const result = new Promise<Result>((resolve) => (this.#resolve = resolve));
    this.#write(plan);
    return result;
  }

  #write(plan: Plan): void {
    const head = headOf(plan);
    if (plan.leave === "in-head") {
      this.#socket.write(head.slice(0, head.length >> 1), () => this.#leaveAt("in-head", plan));
      return;
    }
    this.#socket.write(head, () => this.#leaveAt("after-head", plan));
    if (plan.upload === undefined || plan.leave === "after-head") return;
    this.#isUploading = true;
    this.#upload(plan, 0);
  }

  // In four parts, each in a turn of its own.
  #upload(plan: Plan, from: number): void {
    const { length, isChunked } = plan.upload as NonNullable<Plan["upload"]>;
    // An answer that came first ends the upload: the connection is of no more use then.
    if (this.#plan !== plan || !this.#socket.writable) return;
    const part = bodyOf(uploadId(plan.id), length).subarray(from, from + Math.ceil(length / 4));
    if (isChunked) this.#socket.write(`${part.length.toString(16)}\r\n`);
    this.#socket.write(part);
    if (isChunked) this.#socket.write("\r\n");
    const next = from + part.length;
    if (next >= length >> 1) this.#leaveAt("in-upload", plan);
    if (next < length) setImmediate(() => this.#upload(plan, next));
    else this.#endUpload(isChunked);
  }

  #endUpload(isChunked: boolean): void {
    this.#isUploading = false;
    if (isChunked) this.#socket.write("0\r\n\r\n");
  }

  #leaveAt(stage: Plan["leave"], plan: Plan): void {
    if (this.#plan !== plan || plan.leave !== stage) return;
    // Half of the clients say goodbye, the others are simply gone.
    if (plan.id.charCodeAt(plan.id.length - 1) % 2 === 0) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
    this.#settle("left");
  }

  #onBytes(bytes: Buffer): void {
    if (this.#plan === undefined) this.#settle("wrong", "bytes that nobody asked for");
    this.#reader.push(bytes);
    if (this.#plan?.isSlow === true && this.#pause === undefined) {
      this.#socket.pause();
      this.#pause = setTimeout(() => {
        this.#pause = undefined;
        this.#socket.resume();
      }, 2);
    }
  }

  #onHead(head: Head): Framing {
    const plan = this.#plan;
    if (plan === undefined) {
      this.#settle("wrong", `an answer that nobody asked for: ${head.start}`);
      return 0;
    }
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head.start)?.[1] ?? 0);
    if (status === 100 || status === 103) return 0;
    this.#status = status;
    const framing = statedFraming(head);
    const why = this.#problem(plan, status, head, framing);
    if (why !== undefined) {
      this.#settle("wrong", why);
      return 0;
    }
    this.#isLast = valuesOf(head, "connection").includes("close");
    this.#leaveAt("at-answer", plan);
    if (status === 101) {
      this.#socket.write(bodyOf(plan.id, plan.length));
      return plan.length;
    }
    if (plan.method === "HEAD" || status === 204 || status === 304) return 0;
    if (framing === undefined) this.#isLast = true;
    return (framing ?? "close") as Framing;
  }

  #problem(
    plan: Plan,
    status: number,
    head: Head,
    framing: ReturnType<typeof statedFraming>,
  ): string | undefined {
    const [id] = valuesOf(head, "x-id");
    this.#isOwn = id === undefined;
    this.#announced = Number(valuesOf(head, "x-length")[0] ?? -1);
    if (id !== undefined && id !== plan.id) return `the answer to ${id}`;
    if (id === undefined && !OURS.includes(status)) return `${head.start} of nobody`;
    if (typeof framing === "object") return framing.bad;
    if (status !== 101) return undefined;
    if (plan.isUpgrade !== true) return "a switch of protocols that was not asked for";
    return valuesOf(head, "sec-websocket-accept")[0] === ACCEPT ? undefined : "a wrong accept";
  }

  #onData(bytes: Buffer): void {
    const plan = this.#plan;
    if (plan === undefined) return;
    if (!this.#isOwn && !isPartOf(plan.id, this.#received, bytes))
      this.#settle("wrong", `bytes of another body at ${this.#received}`);
    this.#received += bytes.length;
    this.#leaveAt("in-answer", plan);
  }

  #onEnd(): void {
    const plan = this.#plan;
    if (plan === undefined || this.#status === 0) return;
    const isBodyless = plan.method === "HEAD" || this.#status === 204 || this.#status === 304;
    if (this.#isOwn) this.#settle("ours");
    else if (isBodyless || this.#received === this.#announced) this.#settle("whole");
    else this.#settle("wrong", `${this.#received} bytes of ${this.#announced} given out as all`);
    if (plan.isUpgrade === true && this.#status === 101) this.#socket.end();
  }

  #onClose(): void {
    clearTimeout(this.#pause);
    const plan = this.#plan;
    if (plan === undefined) return;
    if (this.#status > 0 || plan.isUpgrade === true) this.#settle("cut");
    else if (plan.upload !== undefined) this.#settle("dropped");
    else this.#settle("wrong", "closed without an answer");
  }

  #settle(verdict: Verdict, why = ""): void {
    clearTimeout(this.#timer);
    const plan = this.#plan;
    this.#plan = undefined;
    if (verdict === "wrong" || verdict === "hung") {
      this.#reader.stop();
      this.#socket.destroy();
      if (plan === undefined) this.#options.visits.wrongs.push(`at a client: ${why}`);
    }
    if (plan !== undefined) this.#resolve?.({ plan, verdict, status: this.#status, why });
  }
}

function headOf({ method, path, upload, isUpgrade, lines: more = [] }: Plan): string {
  const lines = [`${method} ${path} HTTP/1.1`, "host: chaos.test", ...more];
  if (upload !== undefined) {
    lines.push(`x-upload: ${upload.length}`);
    lines.push(
      upload.isChunked ? "transfer-encoding: chunked" : `content-length: ${upload.length}`,
    );
  }
  if (isUpgrade === true) {
    lines.push("connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13");
    lines.push(`sec-websocket-key: ${KEY}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}
