import { afterEach } from "vitest";
import type { ExchangeEnd } from "../src/index.js";
import { startHttp2 } from "./http2-kit.js";
import { inFlight, startProxy, until, type TestProxy } from "./kit.js";
import { ask, type ClientTransport, type LeavingClient, type Upload } from "./leaving-client.js";
import {
  startLeaving,
  type InstanceTransport,
  type LeavingInstance,
  type Visit,
  type Way,
} from "./leaving-instance.js";
import { moments, type Moment, type When } from "./leaving-moments.js";

/** One case: who leaves how and when. */
export interface Cell {
  readonly who: "client" | "instance";
  readonly how: Way;
  readonly when: When;
  readonly client: ClientTransport;
  readonly instance: InstanceTransport;
}

/** A proxy with a front for each transport of clients, before an instance. */
interface Stage {
  readonly instance: LeavingInstance;
  readonly proxy: TestProxy;
  /** All that have asked. */
  readonly clients: readonly LeavingClient[];
  /** Sends a request by the transport of the case. */
  ask(path: string, upload?: Upload): Promise<LeavingClient>;
  /** A request as the instance saw it; undefined for not at all. */
  visit(path: string): Visit | undefined;
  /** Closes everything but the instance. */
  close(): Promise<void>;
}

/** What came of a case. */
export interface Scene extends Stage {
  readonly path: string;
  readonly client: LeavingClient;
  readonly end: ExchangeEnd;
  /** Failures in a row that the instance was left with. */
  readonly blamed: number | undefined;
  /** Whether the client sent only a part of its upload. */
  readonly isCutUpload: boolean;
  /** Those that had the only place, before and after the one that waited for it. */
  readonly others: readonly LeavingClient[];
}

/** Plays cases, and closes what they opened behind each test. */
export function leavingRig(): (cell: Cell) => Promise<Scene> {
  const opened: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const item of opened.splice(0).toReversed()) await item.close();
  });
  return async (cell) => {
    const moment: Moment = moments[cell.when];
    const instance = await startLeaving(cell.instance);
    opened.push(instance);
    const stage = await startStage(cell, instance, moment.isFull === true);
    opened.push(stage);
    return play(cell, moment, stage);
  };
}

async function startStage(cell: Cell, instance: LeavingInstance, isFull: boolean): Promise<Stage> {
  const proxy = await startProxy(configOf(cell, instance, isFull));
  const front = await startHttp2(undefined);
  front.server.on("request", (req, res) => proxy.proxy.handle(req, res));
  const { port } = cell.client === "HTTP/2" ? front : proxy;
  // Only such a request gets a connection of its own.
  const takesTrailers = cell.instance === "unpooled HTTP/1.1";
  const clients: LeavingClient[] = [];
  return {
    instance,
    proxy,
    clients,
    ask: async (path, upload = "none") => {
      const client = await ask(cell.client, port, path, upload, takesTrailers);
      clients.push(client);
      return client;
    },
    visit: (path) => instance.visits.find((visit) => visit.path === path),
    close: async () => {
      for (const client of clients) client.close();
      await until(() => proxy.sockets.size === 0 && front.sessions.size === 0);
      await proxy.close();
      await front.close();
    },
  };
}

function configOf({ instance: transport }: Cell, { config }: LeavingInstance, isFull: boolean) {
  const protocol = transport.startsWith("HTTP/2") ? ("http2" as const) : ("http1" as const);
  const room = isFull ? { connections: 1, streams: 1, queue: 1 } : {};
  return {
    services: { s: { instances: [config], connect: { protocol, ...room } } },
    routes: [
      { id: "ordinary", match: { path: "/all" }, to: "s" },
      { id: "once", match: { path: "/*" }, to: "s", retry: { attempts: 0 } },
    ],
  };
}

/** Brings the moment about, lets one side leave, and waits until it is over for all who are still there. */
async function play(cell: Cell, moment: Moment, stage: Stage): Promise<Scene> {
  const { path, upload = "none", isFull = false, isAtOnce = false, hasCome } = moment;
  const { instance, proxy, visit } = stage;
  if (isFull) {
    await stage.ask("/other");
    await until(() => visit("/other") !== undefined);
  }
  if (isAtOnce) instance.leaveAtOnce(cell.how);
  const client = await stage.ask(path, upload);
  await until(() => hasCome({ client, visit: visit(path), proxy }));
  const left = [...instance.sockets];
  if (cell.who === "client") client.leave(cell.how);
  else if (!isAtOnce) instance.leave(cell.how, visit(isFull ? "/other" : path));
  if (isFull) await letTheOthersEnd(cell, path, stage);
  await proxy.ended(stage.clients.length);
  await until(() => stage.clients.every(({ sight }) => sight.end !== "none"));
  await until(() => visit(path)?.isOver !== false);
  if (cell.how !== "resets its stream")
    await until(() =>
      cell.who === "client" ? client.isGone() : left.every((socket) => socket.closed),
    );
  const blamed = blamedOf(proxy, instance);
  instance.leaveAtOnce(undefined);
  await instance.comeBack();
  const end = proxy.ends.find(({ view }) => view.url === path) as ExchangeEnd;
  const isCutUpload = upload.startsWith("a part");
  const others = stage.clients.filter((other) => other !== client);
  return { ...stage, path, client, end, blamed, isCutUpload, others };
}

async function letTheOthersEnd(cell: Cell, path: string, stage: Stage): Promise<void> {
  const { proxy, visit } = stage;
  // The first end is that of the request whose side left.
  await proxy.ended();
  if (cell.who === "client") {
    // There is room for one that waits.
    const next = await stage.ask("/all");
    await until(() => inFlight(proxy.gateway) === 2 || next.sight.end !== "none");
    visit("/other")?.answer();
  } else if (cell.how !== "ends for good") {
    await until(() => visit(path) !== undefined);
    visit(path)?.answer();
  }
}

function blamedOf({ gateway }: TestProxy, { config }: LeavingInstance): number | undefined {
  return gateway.snapshot().services["s"]?.instances[config.id]?.consecutiveFailures;
}
