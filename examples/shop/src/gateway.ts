// The gateway in a process of its own: node gateway.ts <port> <configuration as JSON>
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  attachGateway,
  createGateway,
  type AttachedGateway,
  type Decision,
  type ExchangeEnd,
  type Gateway,
  type GatewayConfig,
} from "@signalbox/http";
import { answerCalls, tellProblem, tellReady } from "./child.ts";
import { Ledger, type Account } from "./ledger.ts";

/** What the gateway's process does when it is told to. */
export interface Admin {
  update(config: GatewayConfig): void;
  /** Updates to a configuration without this instance, and answers when its last request has ended. */
  drain(config: GatewayConfig, id: string): Promise<Drained>;
  /** What went where since the last time. Waits for what is under way. */
  account(): Promise<Account>;
  /** What would be done with a GET request of a user. */
  decide(path: string, user: string): Decision;
  /** Prints a line for each request from now on. */
  log(): void;
  /** What is open now, and what was before the server listened. */
  open(): { readonly now: Open; readonly before: Open };
  close(): Promise<void>;
}

/** How an instance drained. */
export interface Drained {
  /** Requests that it still had to finish. */
  readonly underWay: number;
  readonly ms: number;
}

/** What is open in this process, by Node's names for it: what keeps it up; and what the proxy has under way. */
export type Open = { readonly [kind: string]: number };

const WELCOME = `Welcome to the shop. This page is the server's own: no route takes it.
  /products    /products/lamp     two versions
  /orders      /orders/1          and POST /orders
  /payments    /payments/1
  /shipping    /shipping/island
  /catalogue/lamp                 redirects to /products/lamp
  /healthz                        answered by the gateway itself
`;

function main(port: number, config: GatewayConfig): void {
  const ledger = new Ledger();
  const gateway = watched(createGateway(config), ledger);
  const server = createServer((req, res) => {
    ledger.addOwn();
    welcome(req, res);
  });
  let isLogging = false;
  const mounted = attachGateway(server, gateway, {
    onEnd: (end) => {
      ledger.add(end);
      if (isLogging) console.log(accessLine(end));
    },
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeAll(mounted, server));
  answerCalls<Admin>({
    update: (next) => gateway.update(next),
    drain: (next, id) => drain(gateway, next, id),
    account: async () => {
      await idle(mounted);
      return ledger.take();
    },
    // Deciding changes nothing, so anybody may ask.
    decide: (url, user) =>
      gateway.decide({ method: "GET", url, headers: { host: "shop", cookie: `uid=${user}` } }),
    log: () => void (isLogging = true),
    open: () => ({ now: openNow(mounted), before }),
    close,
  });
  const before = openNow(mounted);
  process.on("SIGTERM", () => void close().then(() => process.disconnect()));
  server.on("error", (error: NodeJS.ErrnoException) => {
    const isTaken = error.code === "EADDRINUSE";
    tellProblem(isTaken ? `port ${port} is taken; choose another with --port` : error.message);
  });
  server.listen(port, "127.0.0.1", () => tellReady((server.address() as AddressInfo).port));
}

/** Books the ejections of a gateway. */
function watched(gateway: Gateway, ledger: Ledger): Gateway {
  gateway.onChange(({ kind, instance, forMs = 0 }) => {
    if (kind === "ejected") ledger.addEjection(instance.id, forMs);
  });
  return gateway;
}

/** The server's own application: it gets what no route takes. */
function welcome(req: IncomingMessage, res: ServerResponse): void {
  const isWelcome = req.url === "/";
  res.writeHead(isWelcome ? 200 : 404, { "content-type": "text/plain; charset=utf-8" });
  res.end(isWelcome ? WELCOME : `404: no route takes ${req.method} ${req.url}\n`);
}

async function drain(gateway: Gateway, config: GatewayConfig, id: string): Promise<Drained> {
  const before = Object.values(gateway.snapshot().services).find((known) => id in known.instances);
  const underWay = before?.instances[id]?.inFlight ?? 0;
  const startedAt = performance.now();
  await new Promise<void>((resolve) => {
    const stopListening = gateway.onChange(({ kind, instance }) => {
      if (kind !== "drained" || instance.id !== id) return;
      stopListening();
      resolve();
    });
    gateway.update(config);
  });
  return { underWay, ms: performance.now() - startedAt };
}

async function idle(mounted: AttachedGateway): Promise<void> {
  while (mounted.proxy.counts.requests > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

function accessLine({ view, decision, status, attempts, durationMs }: ExchangeEnd): string {
  const to =
    decision.kind === "forward"
      ? `route ${decision.route} -> ${decision.instance.id} (${decision.version})`
      : `${decision.kind} by the gateway`;
  const again = attempts > 1 ? `, attempt ${attempts}` : "";
  return `  ${view.method} ${view.url} -> ${to}${again}: ${status} in ${durationMs.toFixed(1)} ms`;
}

async function closeAll(mounted: AttachedGateway, server: Server): Promise<void> {
  await mounted.close();
  await new Promise((resolve) => server.close(resolve));
}

function openNow({ proxy }: AttachedGateway): Open {
  const { requests, upgrades } = proxy.counts;
  const open: Record<string, number> = { "requests under way": requests + upgrades };
  for (const kind of process.getActiveResourcesInfo()) open[kind] = (open[kind] ?? 0) + 1;
  return open;
}

const [port = "0", config = ""] = process.argv.slice(2);
main(Number(port), JSON.parse(config) as GatewayConfig);
