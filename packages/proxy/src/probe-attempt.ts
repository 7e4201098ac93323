import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { ConnectPlan, ProbeRule } from "@signalbox/core";
import type { Connector } from "./connector.js";
import { askHttp1 } from "./http1-probe.js";
import { alpnOf } from "./http2-connection.js";
import { askHttp2 } from "./http2-probe.js";
import type { Answered } from "./probe-request.js";

/** What is asked, and how it is connected to. */
export interface ProbeTarget {
  readonly connector: Connector;
  readonly rule: ProbeRule;
  readonly protocol: ConnectPlan["protocol"];
}

/**
 * Asks an instance, and tells once how that ended, never before it returns.
 *
 * @returns gives the probe up: nothing is told then
 */
export type AskInstance = (target: ProbeTarget, done: Answered) => () => void;

/** Asks over a connection of its own. */
export const askInstance: AskInstance = (target, done) => {
  const attempt = new ProbeAttempt(target, done);
  return () => attempt.cancel();
};

/** One probe under way. Whatever comes of it, it leaves nothing open and keeps no process alive. */
class ProbeAttempt {
  readonly #target: ProbeTarget;
  readonly #done: Answered;
  readonly #timer: NodeJS.Timeout;
  readonly #socket: Socket | undefined;
  #session: ClientHttp2Session | undefined;
  #isOver = false;

  constructor(target: ProbeTarget, done: Answered) {
    this.#target = target;
    this.#done = done;
    // An answer that came while the process was busy is read before the time counts as up.
    this.#timer = setTimeout(
      () => void setImmediate(() => this.#end(false)).unref(),
      target.rule.timeoutMs,
    ).unref();
    this.#socket = target.connector
      .connect(this.#protocols(), (_, socket) => this.#connected(socket))
      ?.unref();
  }

  #protocols(): string[] {
    const { protocol, rule } = this.#target;
    if (rule.type === "grpc" || protocol === "http2") return ["h2"];
    return protocol === "auto" ? ["h2", "http/1.1"] : ["http/1.1"];
  }

  #connected(socket: Socket | null): void {
    if (this.#isOver || socket === null) {
      socket?.destroy();
      this.#end(false);
      return;
    }
    socket.on("error", ignore);
    const { connector, rule } = this.#target;
    const { isSecure, authority } = connector;
    const answered: Answered = (passed) => this.#end(passed);
    if (rule.type === "tcp") this.#end(true);
    else if (!this.#speaksHttp2(socket)) askHttp1(socket, authority, rule, answered);
    else if (isSecure && alpnOf(socket) !== "h2") this.#end(false);
    else {
      const place = { scheme: isSecure ? "https" : "http", authority };
      this.#session = askHttp2(socket, place, rule, answered);
    }
  }

  #speaksHttp2(socket: Socket): boolean {
    const { protocol, rule } = this.#target;
    if (rule.type === "grpc" || protocol === "http2") return true;
    return protocol === "auto" && alpnOf(socket) === "h2";
  }

  #end(passed: boolean): void {
    if (this.#isOver) return;
    this.cancel();
    this.#done(passed);
  }

  /** Gives it up. */
  cancel(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (this.#session === undefined) this.#socket?.destroy();
    else this.#session.destroy();
  }
}

function ignore(): void {}
