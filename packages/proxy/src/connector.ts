import { createHash, type X509Certificate } from "node:crypto";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import {
  connect as connectTls,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import type { ConnectPlan, InstanceReference, TlsPlan } from "@signalbox/core";
import { failed } from "./slot.js";

/** Gets a socket that is ready to be written to, or the reason why there is none. */
export type Connected = (error: Error | null, socket: Socket | null) => void;

/**
 * Unit: bytes. Reads of 64 KiB: large answers take fewer turns. A part of an upload has up to 64 KiB too: where the system
 * takes it at once the client need not be stopped and started again.
 */
const BUFFERS = { readableHighWaterMark: 65_536, writableHighWaterMark: 131_072 };

type Callback = (error: Error | null, socket: Socket) => void;

/** Probes of a silent connection begin after this time. Unit: milliseconds. */
const PROBE_AFTER_MS = 60_000;

/**
 * Makes the connections to one instance: over TCP or a Unix socket, plain or with TLS. What of TLS is the same for all
 * of them is made once, and sessions are taken up again.
 */
export class Connector {
  /** Whether TLS is spoken. */
  readonly isSecure: boolean;
  /** Host with port, as the URL of the instance has it. */
  readonly authority: string;
  readonly #host: string;
  readonly #port: number;
  readonly #socketPath: string | undefined;
  readonly #plan: ConnectPlan;
  #context: SecureContext | undefined;
  #session: Buffer | undefined;

  constructor({ url, socketPath }: InstanceReference, plan: ConnectPlan) {
    const { protocol, hostname, port, host } = new URL(url);
    this.isSecure = protocol === "https:";
    this.authority = host;
    this.#host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
    this.#port = port === "" ? (this.isSecure ? 443 : 80) : Number(port);
    this.#socketPath = socketPath;
    this.#plan = plan;
  }

  /** The name that is asked for and verified; empty for an address, which is verified alone. */
  get serverName(): string {
    return this.#plan.tls.serverName ?? (isIP(this.#host) === 0 ? this.#host : "");
  }

  /**
   * Opens a connection.
   *
   * @param protocols what is offered by ALPN, the preferred one first; without TLS nothing is
   * @returns the socket, so that whoever waits may give it up; undefined when there is none
   */
  connect(protocols: string[], connected: Connected): Socket | undefined {
    let socket: Socket;
    try {
      socket = this.isSecure ? this.#openTls(protocols) : this.#openPlain();
    } catch (error) {
      queueMicrotask(() => connected(failed("ERR_TLS_CONTEXT", "bad TLS material", error), null));
      return undefined;
    }
    this.#await(socket, connected);
    return socket;
  }

  #openPlain(): Socket {
    return connectPlain({ ...this.#target(), ...BUFFERS } as never);
  }

  #openTls(protocols: string[]): TLSSocket {
    const { tls } = this.#plan;
    this.#context ??= createSecureContext(materialOf(tls));
    return connectTls({
      ...this.#target(),
      secureContext: this.#context,
      servername: this.serverName,
      rejectUnauthorized: !tls.dangerouslyAcceptAnyCertificate,
      ALPNProtocols: protocols,
      ...(this.#session === undefined ? {} : { session: this.#session }),
    });
  }

  #target(): { host: string; port: number } | { host: string; path: string } {
    return this.#socketPath === undefined
      ? { host: this.#host, port: this.#port }
      : { host: this.#host, path: this.#socketPath };
  }

  #await(socket: Socket, connected: Connected): void {
    const { timeoutMs } = this.#plan;
    const timer = setTimeout(() => {
      socket.destroy(failed("ETIMEDOUT", `no connection within ${timeoutMs} ms`));
    }, timeoutMs).unref();
    const settle: Callback = (error, ready) => {
      clearTimeout(timer);
      socket.off("error", onError).off("close", onClose);
      if (error === null) return connected(null, ready);
      // What is still told of the socket concerns nobody.
      ready.on("error", ignore);
      ready.destroy();
      connected(error, null);
    };
    const onError = (error: Error): void => settle(error, socket);
    const onClose = (): void => settle(failed("ECONNRESET", "closed while connecting"), socket);
    socket.on("error", onError).on("close", onClose);
    if (this.#socketPath === undefined) socket.setNoDelay(true).setKeepAlive(true, PROBE_AFTER_MS);
    socket.once(this.isSecure ? "secureConnect" : "connect", () =>
      settle(this.isSecure ? this.#checkKey(socket as TLSSocket) : null, socket),
    );
  }

  // Before a byte is sent. A session is kept of connections that passed only: one that is taken up again has no
  // certificate to look at, and stands for the key that its first connection showed.
  #checkKey(socket: TLSSocket): Error | null {
    const { pins } = this.#plan.tls;
    if (pins.length > 0 && !socket.isSessionReused()) {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined || !pins.includes(fingerprintOf(certificate)))
        return failed("ERR_TLS_PIN", "the public key of the instance is none of the pinned ones");
    }
    // TLS 1.2 has its session by now, 1.3 gets one later.
    if (socket.getProtocol() === "TLSv1.2") this.#session = socket.getSession();
    socket.on("session", (session: Buffer) => (this.#session = session));
    return null;
  }
}

/** SHA-256 of the public key (SubjectPublicKeyInfo) of a certificate, in base64. */
export function fingerprintOf({ publicKey }: X509Certificate): string {
  const spki = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(spki).digest("base64");
}

function materialOf({ ca, cert, key, minVersion }: TlsPlan) {
  return {
    minVersion,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function ignore(): void {}
