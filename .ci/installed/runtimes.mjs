// Runs the fetch handler on Bun and on Deno and asks it what a client would ask.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

const RUNTIMES = {
  Bun: ["node_modules/.bin/bun", "run"],
  Deno: ["node_modules/.bin/deno", "run", "--allow-all", "--quiet"],
};
const PATIENCE_MS = 20_000;

const instance = createServer((req, res) => {
  if (req.url === "/to/events") {
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write("data: 1\n\n");
    req.socket.once("close", () => instance.emit("left"));
  } else if (req.url === "/to/cut") {
    res.writeHead(200, { "content-length": "100" });
    res.write("half", () => res.destroy());
  } else {
    const parts = [];
    req.on("data", (part) => parts.push(part));
    req.on("end", () => {
      const { method, url } = req;
      const length = Buffer.concat(parts).length;
      res.setHeader("x-seen", JSON.stringify({ method, url, length, ...req.headers }));
      res.setHeader("set-cookie", ["a=1", "b=2"]);
      res.end(url === "/to/large" ? Buffer.alloc(3_000_000, "x") : "from the instance");
    });
  }
});
await once(instance.listen(0, "127.0.0.1"), "listening");
const target = `http://127.0.0.1:${instance.address().port}`;

for (const [name, [command, ...args]] of Object.entries(RUNTIMES)) {
  const child = spawn(command, [...args, "fetch-server.mjs", target], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const impatient = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  try {
    await askAll(await urlOf(child));
    console.log(`the fetch handler is well on ${name}`);
  } finally {
    clearTimeout(impatient);
    child.kill("SIGKILL");
  }
}
instance.closeAllConnections();
instance.close();

async function urlOf(child) {
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith("port ")) return `http://127.0.0.1:${line.slice(5)}`;
  throw new Error("the server ended before it listened");
}

async function askAll(url) {
  const plain = await fetch(`${url}/to/a?b=1`);
  assert.deepEqual(plain.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.equal(await plain.text(), "from the instance");
  assert.deepEqual(
    { method: "GET", url: "/to/a?b=1", length: 0 },
    pick(JSON.parse(plain.headers.get("x-seen")), ["method", "url", "length"]),
  );
  assert.equal(await (await fetch(`${url}/else`)).text(), "from the application");

  const upload = await fetch(`${url}/to/up`, { method: "POST", body: "x".repeat(300_000) });
  assert.deepEqual(pick(JSON.parse(upload.headers.get("x-seen")), ["length", "content-length"]), {
    length: 300_000,
    "content-length": "300000",
  });
  const parts = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 5; i++) controller.enqueue(Buffer.alloc(1_000));
      controller.close();
    },
  });
  const stream = await fetch(`${url}/to/up`, { method: "PUT", body: parts, duplex: "half" });
  assert.equal(JSON.parse(stream.headers.get("x-seen")).length, 5_000);
  assert.equal((await (await fetch(`${url}/to/large`)).arrayBuffer()).byteLength, 3_000_000);

  // A part arrives while the response goes on, and a client that leaves is heard of at the instance.
  const left = once(instance, "left");
  const leaving = new AbortController();
  const events = await fetch(`${url}/to/events`, { signal: leaving.signal });
  const { value } = await events.body.getReader().read();
  assert.equal(new TextDecoder().decode(value), "data: 1\n\n");
  leaving.abort();
  await left;

  // What is cut must not look whole.
  await assert.rejects(fetch(`${url}/to/cut`).then((response) => response.text()));
}

function pick(object, names) {
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}
