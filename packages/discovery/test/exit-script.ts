import { discover } from "../src/discover.js";
import { dnsSource } from "../src/dns-source.js";
import { fileSource } from "../src/file-source.js";
import { srvSource } from "../src/srv-source.js";

// A program that discovers from everything, and then has nothing more to do.
const [file = "", server = "", isClosing] = process.argv.slice(2);
const servers = [server];
const timeoutMs = isClosing === "close" ? 60_000 : 50;
const sources = [
  fileSource(file),
  dnsSource({ name: "products.test", port: 80, servers }),
  srvSource({ name: "_http._tcp.products.test", servers }),
  srvSource({ name: "silent.test", servers, timeoutMs }),
  srvSource({ name: "named.test", addresses: "A", servers, timeoutMs }),
  dnsSource({ name: "silent.test", port: 80, servers, timeoutMs }),
];
const discoveries = sources.map((source) =>
  discover({ set: () => {} }, source, { onError: () => {} }),
);
for (const { ready } of discoveries.slice(0, 3)) await ready;
if (isClosing === "close") await Promise.all(discoveries.map((discovery) => discovery.close()));
console.log("done");
