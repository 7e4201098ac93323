import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pinned, stop } from "./child.ts";

/** A running nginx with one worker. */
export interface Nginx {
  /** Of the master process. */
  readonly pid: number;
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

/** What is particular to one nginx. */
export interface NginxOptions {
  /** A folder for its files. It is made, and must be in a folder that other users may enter. */
  readonly folder: string;
  readonly core: number | undefined;
  /** How many ports of the loopback address it listens at. */
  readonly ports: number;
  /** What stands in `http { }` beside the server, such as an upstream. */
  readonly http?: string;
  /** What stands in `server { }` beside the ports. */
  readonly server: string;
}

/** Starts nginx on free ports, and waits until it takes connections. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const { folder, core } = options;
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const ports = await freePorts(options.ports);
  const file = path.join(folder, "nginx.conf");
  await writeFile(file, configuration(options, ports));
  const [command = "", ...args] = pinned(core, [
    ...["nginx", "-p", folder, "-c", file],
    ...["-e", path.join(folder, "error.log")],
  ]);
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  // It ends with this process.
  const endChild = (): void => void child.kill("SIGTERM");
  process.once("exit", endChild);
  await once(child, "spawn");
  const nginx: Nginx = {
    pid: child.pid as number,
    ports,
    async stop() {
      process.off("exit", endChild);
      await stop(child, endChild);
    },
  };
  try {
    for (const port of ports) await untilListening(port, () => child.exitCode !== null);
  } catch (error) {
    await nginx.stop();
    throw error;
  }
  return nginx;
}

function configuration({ http = "", server }: NginxOptions, ports: readonly number[]): string {
  return `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 16384; }
http {
  access_log off;
  default_type application/json;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  ${http}
  server {
    ${ports.map((port) => `listen 127.0.0.1:${port};`).join(" ")}
    ${server}
  }
}
`;
}

/** Ports that the system has just given and taken back: nginx cannot ask for a free one itself. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

async function untilListening(port: number, hasEnded: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (hasEnded()) throw new Error("nginx ended instead of listening.");
    if (await takesConnections(port)) return;
    await delay(50);
  }
  throw new Error(`nginx does not listen at port ${port}.`);
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
