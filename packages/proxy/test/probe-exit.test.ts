import { fork } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { until } from "./kit.js";
import { startTcp } from "./probe-kit.js";

it("probes keep no process alive, neither while they are under way nor between two of them", async () => {
  const quick = await startTcp((socket) => {
    socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
  });
  const silent = await startTcp();
  const secure = await startTcp();
  const child = fork(
    new URL("probe-process.ts", import.meta.url),
    [quick.url, silent.url, secure.url.replace("http:", "https:")],
    {
      execPath: process.execPath,
      execArgv: [
        "--conditions=@signalbox/source",
        "--experimental-transform-types",
        "--no-warnings",
        `--import=${new URL("typescript.mjs", import.meta.url).href}`,
      ],
    },
  );
  const exited = once(child, "exit");
  await Promise.race([once(child, "message"), exited]);
  await until(() => silent.sockets.size === 1 && secure.sockets.size === 1);
  child.disconnect();
  expect(await exited).toEqual([0, null]);
});
