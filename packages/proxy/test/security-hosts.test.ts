import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { open } from "./kit.js";
import { oneService } from "./rig.js";
import { exchange, get, securityRig, statusesIn } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

describe("a Host that is none is refused before anything is sent, and the connection is closed", () => {
  it.each([
    ["no Host", []],
    ["two that differ", ["Host: a.test", "Host: b.test"]],
    ["two that agree", ["Host: a.test", "hOST: a.test"]],
    ["a space", ["Host: a b"]],
    ["a slash", ["Host: a/b"]],
    ["a backslash", ["Host: a\\b"]],
    ["a user", ["Host: x@y"]],
    ["a user with a password", ["Host: u:p@y"]],
    ["a list", ["Host: a, b"]],
    ["junk behind the port", ["Host: a:80evil"]],
    ["a port alone", ["Host: :80evil"]],
    ["a port that is too large", ["Host: a:65536"]],
    ["a letter outside of ASCII", ["Host: caf\xe9.test"]],
    ["a letter outside of ASCII in UTF-8", ["Host: caf\xc3\xa9.test"]],
    ["an open bracket", ["Host: [::1"]],
    ["a query", ["Host: a?b"]],
    ["a tab inside", ["Host: a\tb"]],
    ["a percent sign", ["Host: a%00b"]],
  ])("%s", async (_, lines) => {
    const instance = await wire();
    const { port } = await gatewayTo(oneService([instance.url]));
    const received = await exchange(port, get("/x", ...lines));
    expect(statusesIn(received)).toEqual([400]);
    expect(received).toMatch(/\r\nconnection: close\r\n/i);
    expect(instance.connections()).toBe(0);
  });
});

describe("a Host in one of its lawful forms is matched by its name, and forwarded as it came", () => {
  it.each([
    "EXAMPLE.test:8080",
    "example.test.",
    "Example.Test",
    "example.test:",
    "EXAMPLE.TEST.:80",
  ])("%s", async (host) => {
    const instance = await wire();
    const { port } = await gatewayTo([{ path: "/*", host: "example.test", to: instance.url }]);
    const received = await exchange(port, get("/x", `Host: ${host}`, "Connection: close"));
    expect(statusesIn(received)).toEqual([200]);
    expect(instance.values("host")).toEqual([host]);
  });

  it.each(["[::1]:80", "[::1]"])("%s", async (host) => {
    const instance = await wire();
    const { port } = await gatewayTo([{ path: "/*", host: "[::1]", to: instance.url }]);
    const received = await exchange(port, get("/x", `Host: ${host}`, "Connection: close"));
    expect(statusesIn(received)).toEqual([200]);
    expect(instance.values("host")).toEqual([host]);
  });
});

it("an absolute target names the host, and the other one gets nowhere", async () => {
  const good = await wire();
  const evil = await wire();
  const { port } = await gatewayTo([
    { path: "/*", host: "evil.test", to: evil.url },
    { path: "/*", host: "good.test", to: good.url },
  ]);
  const lines = ["Host: evil.test", "Connection: close"];
  expect(statusesIn(await exchange(port, get("http://good.test/x?y", ...lines)))).toEqual([200]);
  expect(good.head()[0]).toBe("GET /x?y HTTP/1.1");
  expect(good.values("host")).toEqual(["good.test"]);
  expect(good.received()).not.toContain("evil.test");
  expect(evil.connections()).toBe(0);
});

describe("a request never chooses where it goes", () => {
  const attempts: readonly (readonly [what: string, ask: (place: string) => string])[] = [
    [
      "by an absolute target",
      (place) => get(`http://${place}/x`, `Host: ${place}`, "Connection: close"),
    ],
    ["by its Host", (place) => get("/x", `Host: ${place}`, "Connection: close")],
    ["by two slashes", (place) => get(`//${place}/x`, "Host: a.test", "Connection: close")],
    ["by a user in its path", (place) => get(`/@${place}/x`, "Host: a.test", "Connection: close")],
    [
      "by a URL in its path",
      (place) => get(`/http://${place}/x`, "Host: a.test", "Connection: close"),
    ],
    [
      "by a URL in its query",
      (place) => get(`/x?url=http://${place}/`, "Host: a.test", "Connection: close"),
    ],
    [
      "by fields that others obey",
      (place) =>
        get(
          "/x",
          ...["Host: a.test", "Connection: close", `X-Forwarded-Host: ${place}`],
          ...[`X-Original-URL: http://${place}/`, `X-Rewrite-URL: http://${place}/`],
          ...[`X-Host: ${place}`, `Forwarded: host=${place}`, "X-Cluster: other"],
        ),
    ],
  ];

  it.each(attempts)("%s", async (_, ask) => {
    const elsewhere = await wire();
    const instance = await wire();
    const config = oneService([instance.url]);
    const { port } = await gatewayTo({
      ...config,
      services: { ...config.services, other: { instances: [elsewhere.url] } },
    });
    const received = await exchange(port, ask(`127.0.0.1:${elsewhere.port}`));
    expect(statusesIn(received)).toEqual([200]);
    expect(elsewhere.connections()).toBe(0);
    expect(instance.connections()).toBe(1);
  });

  it("by a CONNECT, which opens nothing", async () => {
    const elsewhere = await wire();
    const { port, server, proxy } = await gatewayTo(oneService([elsewhere.url]));
    const place = `127.0.0.1:${elsewhere.port}`;
    const received = await exchange(
      port,
      `CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
    );
    expect(received).not.toMatch(/^HTTP\/1\.1 2/);
    server.on("connect", (req, socket, head) => proxy.upgrade(req, socket, head));
    const client = await open(port);
    client.write(`CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n\r\n`);
    await once(client, "close");
    expect(statusesIn(client.received())).toEqual([405]);
    expect(elsewhere.connections()).toBe(0);
  });

  it("by a redirect of an instance, which is for the client to follow", async () => {
    const elsewhere = await wire();
    const location = `${elsewhere.url}/secret`;
    const instance = await wire(
      `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
    );
    const { port } = await gatewayTo(oneService([instance.url]));
    const received = await exchange(port, get("/x", "Host: a.test", "Connection: close"));
    expect(statusesIn(received)).toEqual([302]);
    expect(received).toContain(location);
    expect(elsewhere.connections()).toBe(0);
  });
});
