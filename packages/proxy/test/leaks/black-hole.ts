import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** An address on loopback to which no connection is ever made. */
export interface BlackHole {
  readonly url: string;
  close(): Promise<void>;
}

// Listens, and never gets to accept: what does not fit in the queue of the kernel waits for its turn for ever.
const LISTENER = `
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    require("node:fs").writeSync(1, String(server.address().port) + "\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/** Connections that fill the queue of the kernel: two fit, the others are refused an answer like all after them. */
const FILLERS = 4;

export async function startBlackHole(): Promise<BlackHole> {
  const child = spawn(process.execPath, ["-e", LISTENER], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  const fillers = Array.from({ length: FILLERS }, () => filler(port));
  await Promise.all(fillers.slice(0, 2).map((socket) => once(socket, "connect")));
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      for (const socket of fillers) socket.destroy();
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function filler(port: number): Socket {
  return connect(port, "127.0.0.1").on("error", () => {});
}
