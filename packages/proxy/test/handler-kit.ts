import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Duplex } from "node:stream";
import { createGateway, type Gateway, type InstanceHandler, type Outcome } from "@signalbox/core";
import { afterEach, vi } from "vitest";
import { createProxy, type ExchangeEnd, type ProxyOptions } from "../src/index.js";
import { startHttp2 } from "./http2-kit.js";
import { startServer } from "./kit.js";

export type Handler = (
  req: IncomingMessage & { originalUrl?: string; baseUrl?: string },
  res: ServerResponse,
  next: (error?: unknown) => void,
) => unknown;

export interface HandlerMount {
  readonly route?: object;
  readonly service?: object;
  /** Beside services and routes. */
  readonly config?: object;
  readonly proxy?: ProxyOptions;
  /** The application behind the gateway. */
  readonly none?: (req: IncomingMessage, res: ServerResponse) => void;
  readonly error?: (error: Error, res: ServerResponse) => void;
  /** What the framework of the host does to requests before. */
  readonly before?:
    ((req: IncomingMessage & { originalUrl?: string; baseUrl?: string }) => void) | undefined;
  readonly noneOfUpgrades?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly awaitsContinue?: boolean;
  readonly http2?: boolean;
}

export interface MountedHandler {
  readonly url: string;
  readonly port: number;
  readonly gateway: Gateway;
  readonly proxy: ReturnType<typeof createProxy>;
  readonly ends: readonly ExchangeEnd[];
  /** Final outcomes, in their order. */
  readonly outcomes: readonly Outcome[];
  /** The end of the n-th request. */
  ended(n?: number): Promise<ExchangeEnd>;
}

/** Mounts functions behind a route to all paths, and closes all of it behind each test. */
export function handlerRig(): (handler: Handler, mount?: HandlerMount) => Promise<MountedHandler> {
  const toClose: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of toClose.splice(0).toReversed()) await close();
  });
  return async (handler, mount = {}) => {
    const { route, service, config, none, error, before, noneOfUpgrades } = mount;
    const instances = [{ handler: handler as InstanceHandler }];
    const gateway = createGateway({
      services: { app: { instances, ...service } },
      routes: [{ id: "all", match: { path: "/*" }, to: "app", ...route }],
      ...config,
    });
    const outcomes: Outcome[] = [];
    const report = gateway.report.bind(gateway);
    vi.spyOn(gateway, "report").mockImplementation((decision, outcome) => {
      if (outcome.kind !== "head") outcomes.push(outcome);
      return report(decision, outcome);
    });
    const ends: ExchangeEnd[] = [];
    const wakers: (() => void)[] = [];
    const onEnd = (end: ExchangeEnd): void => {
      ends.push(end);
      for (const wake of wakers.splice(0)) wake();
    };
    const proxy = createProxy(gateway, { ...mount.proxy, onEnd });
    const listener = (req: IncomingMessage, res: ServerResponse): void => {
      before?.(req);
      proxy.handle(req, res, {
        ...(none === undefined ? {} : { none: () => none(req, res) }),
        ...(error === undefined ? {} : { error: (reason: Error) => error(reason, res) }),
        awaitsContinue: mount.awaitsContinue === true,
      });
    };
    const host =
      mount.http2 === true
        ? await startHttp2(undefined)
        : await startServer(mount.awaitsContinue === true ? undefined : listener);
    if (mount.http2 === true)
      host.server.on("request", (req: Http2ServerRequest, res: Http2ServerResponse) =>
        listener(req as never, res as never),
      );
    if (mount.awaitsContinue === true) host.server.on("checkContinue", listener);
    host.server.on("upgrade", (req: IncomingMessage, socket: Duplex, head: Buffer) =>
      proxy.upgrade(
        req,
        socket,
        head,
        noneOfUpgrades === undefined ? {} : { none: () => noneOfUpgrades(req, socket, head) },
      ),
    );
    toClose.push(async () => {
      await proxy.close({ graceMs: 50 });
      await host.close();
    });
    const ended = async (n = 1): Promise<ExchangeEnd> => {
      while (ends.length < n) await new Promise<void>((resolve) => wakers.push(resolve));
      return ends[n - 1] as ExchangeEnd;
    };
    return { url: host.url, port: host.port, gateway, proxy, ends, outcomes, ended };
  };
}

/** Rejections and exceptions that nobody took, while a test runs. */
export function unheard(): readonly unknown[] {
  const seen: unknown[] = [];
  const note = (reason: unknown): void => void seen.push(reason);
  process.on("unhandledRejection", note);
  afterEach(() => void process.off("unhandledRejection", note));
  return seen;
}
