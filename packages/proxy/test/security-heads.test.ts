import { describe, expect, it } from "vitest";
import { send } from "./kit.js";
import { oneService } from "./rig.js";
import {
  exchange,
  get,
  securityRig,
  statusesIn,
  valuesIn,
  type WireInstance,
} from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

/** The instance, after a request with these lines beside Host. */
async function sentWith(lines: readonly string[], config: object = {}): Promise<WireInstance> {
  const instance = await wire();
  const { port } = await gatewayTo({ ...oneService([instance.url]), ...config });
  const received = await exchange(port, get("/x", "Host: a.test", "Connection: close", ...lines));
  expect(statusesIn(received)).toEqual([200]);
  return instance;
}

/** Names of fields that the instance got, those of its own connection left out. */
function namesAt(instance: WireInstance): string[] {
  const names = instance
    .head()
    .slice(1)
    .map((line) => line.slice(0, line.indexOf(":")).toLowerCase());
  return names.filter((name) => name !== "connection");
}

describe("what concerns one connection goes no further", () => {
  it("whatever Connection names is gone, and what it does not name stays", async () => {
    const instance = await sentWith(["Connection: keep-alive, X-Hop", "X-Hop: 1", "X-Hops: 2"]);
    expect(instance.values("x-hop")).toEqual([]);
    expect(instance.values("x-hops")).toEqual(["2"]);
    expect(instance.values("connection")).toEqual(["keep-alive"]);
  });

  it("all lines of Connection count, whatever stands in the first", async () => {
    const lines = [
      "Connection:",
      "X-Hop: 1",
      "connection: ,, X-HOP ,",
      "X-Two: 2",
      "CONNECTION: x-two",
    ];
    const instance = await sentWith(lines);
    expect(namesAt(instance).filter((name) => /hop|two/.test(name))).toEqual([]);
  });

  it("the known fields are gone, named or not", async () => {
    const lines = [
      ...["TE: trailers;q=0.5, gzip", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive"],
      ...["Proxy-Authorization: Basic eDp5", "Proxy-Authenticate: Basic", "Trailer: X-Sum"],
      ...["Upgrade: foo/2", "HTTP2-Settings: AAMAAABkAAQAAP__"],
    ];
    expect(namesAt(await sentWith(lines)).filter((name) => !name.startsWith("x-"))).toEqual([
      "host",
    ]);
    const named = lines.map((line) => line.split(":", 1)[0]).join(", ");
    const instance = await sentWith([`Connection: ${named}`, ...lines]);
    expect(namesAt(instance).filter((name) => !name.startsWith("x-"))).toEqual(["host", "te"]);
    expect(instance.values("te")).toEqual(["trailers"]);
  });

  it("Host is never taken along", async () => {
    const instance = await sentWith(["Connection: Host, Cookie", "Cookie: a=1"]);
    expect(instance.values("host")).toEqual(["a.test"]);
  });

  it("a response keeps nothing of the connection of the instance, nor what that names", async () => {
    const answer =
      "HTTP/1.1 200 OK\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=77\r\n" +
      "Proxy-Connection: close\r\nTE: gzip\r\nUpgrade: h2c\r\nX-Keep: 1\r\nContent-Length: 2\r\n\r\nok";
    const instance = await wire(answer);
    const { port } = await gatewayTo(oneService([instance.url]));
    const head = (await exchange(port, get("/", "Host: a", "Connection: close"))).split("\r\n");
    for (const name of ["x-hop", "keep-alive", "proxy-connection", "te", "upgrade"])
      expect(valuesIn(head, name)).toEqual([]);
    expect(valuesIn(head, "connection")).toEqual(["close"]);
    expect(valuesIn(head, "x-keep")).toEqual(["1"]);
  });
});

describe("what the gateway adds cannot be taken away", () => {
  it("by naming it in Connection", async () => {
    const routes = [
      {
        match: { path: "/*" },
        to: "s",
        requestHeaders: { set: { "x-user": "me" }, add: { "x-real-ip": "1.2.3.4" } },
      },
    ];
    const instance = await sentWith(
      [
        "Connection: close, X-Forwarded-For, X-Forwarded-Host, X-Real-IP, X-User, x-forwarded-proto",
        ...["X-User: evil", "X-Real-IP: 6.6.6.6", "X-Forwarded-For: 6.6.6.6"],
      ],
      { routes },
    );
    expect(instance.values("x-user")).toEqual(["me"]);
    expect(instance.values("x-real-ip")).toEqual(["1.2.3.4"]);
    expect(instance.values("x-forwarded-for")).toEqual(["127.0.0.1"]);
    expect(instance.values("x-forwarded-host")).toEqual(["a.test"]);
    expect(instance.values("x-forwarded-proto")).toEqual(["http"]);
  });
});

describe("who a request comes from", () => {
  const spoofed = [
    ...["X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 7.7.7.7, unknown", "X-Real-IP: 6.6.6.6"],
    ...["X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test", "X-Forwarded-Port: 1"],
    ...["Forwarded: for=6.6.6.6;host=evil.test;proto=https"],
  ];

  it("is said anew for a peer that is not trusted", async () => {
    const instance = await sentWith(spoofed);
    expect(instance.values("x-forwarded-for")).toEqual(["127.0.0.1"]);
    expect(instance.values("x-forwarded-proto")).toEqual(["http"]);
    expect(instance.values("x-forwarded-host")).toEqual(["a.test"]);
    expect(instance.values("forwarded")).toEqual([]);
    expect(instance.received()).not.toMatch(/6\.6\.6\.6|7\.7\.7\.7|evil|https/);
  });

  it("cannot be said under a name that lenient servers take for the same", async () => {
    const aliases = [
      ...["X_Forwarded_For: 6.6.6.6", "x-forwarded_for: 6.6.6.6", "X_Real_IP: 6.6.6.6"],
      ...["X_FORWARDED_HOST: evil", "X.Forwarded.For: 6.6.6.6"],
    ];
    expect((await sentWith(aliases)).received()).not.toMatch(/6\.6\.6\.6|evil/);
  });

  it.each([
    ["two lines", ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 9.9.9.9"], "9.9.9.9"],
    ["junk at the end", ["X-Forwarded-For: 6.6.6.6, <junk>"], "127.0.0.1"],
    ["a hidden name", ["X-Forwarded-For: 6.6.6.6, _hidden"], "127.0.0.1"],
    ["an unknown one", ["X-Forwarded-For: unknown"], "127.0.0.1"],
    ["brackets and a port", ["X-Forwarded-For: [2001:db8::7]:4711"], "2001:db8::7"],
    ["200 hops", [`X-Forwarded-For: ${Array(200).fill("127.0.0.9").join(", ")}`], "127.0.0.9"],
    ["nothing", ["X-Forwarded-For:"], "127.0.0.1"],
  ])("is read behind a trusted peer from the right: %s", async (_, lines, address) => {
    const instance = await wire();
    const { port, ended } = await gatewayTo({
      ...oneService([instance.url]),
      trustedProxies: ["127.0.0.0/8"],
    });
    await exchange(port, get("/x", "Host: a.test", "Connection: close", ...lines));
    expect((await ended()).decision).toMatchObject({ kind: "forward", clientAddress: address });
    expect(instance.values("x-forwarded-for")[0]).toMatch(/(^|, )127\.0\.0\.1$/);
  });
});

describe("fields arrive as they were sent", () => {
  it("in their order and number, with bytes above ASCII and with nothing", async () => {
    const lines = [
      ...["X-Multi: a", "X-Other: 1", "x-multi: b", "X-Empty:", "X-MULTI: c"],
      ...["X-Latin: caf\xe9", "X-Utf8: caf\xc3\xa9", "X-Inner: a \t b"],
    ];
    const head = (await sentWith(lines)).head();
    const own = head.filter((line) => /^x-(?!forwarded)/i.test(line));
    expect(own.map((line) => line.replace(/:\s*/, ":"))).toEqual(
      lines.map((line) => line.replace(/:\s*/, ":")),
    );
  });

  it("also those that are called as what every object inherits", async () => {
    const lines = ["__proto__: 1", "constructor: 2", "toString: 3", "hasOwnProperty: 4"];
    expect((await sentWith(lines)).head()).toEqual(expect.arrayContaining(lines));
  });

  it("cookies of several lines as one, which is cut at semicolons alone", async () => {
    const odd = 'sid="a;b"; $Version=1; é';
    const many = Array.from({ length: 300 }, (_, i) => `c${i}=${i}`).join("; ");
    const long = `long=${"x".repeat(4_096)}`;
    const instance = await sentWith([`Cookie: ${odd}`, `cookie: ${many}`, `COOKIE: ${long}`]);
    expect(instance.values("cookie")).toEqual([`${odd}; ${many}; ${long}`]);
  });

  it("cookies of a response line by line, with the commas of their dates", async () => {
    const cookies = ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2, c=3"];
    const lines = cookies.map((cookie) => `Set-Cookie: ${cookie}\r\n`).join("");
    const instance = await wire(`HTTP/1.1 200 OK\r\n${lines}Content-Length: 0\r\n\r\n`);
    const { url } = await gatewayTo(oneService([instance.url]));
    expect((await send(url, "/")).headers["set-cookie"]).toEqual(cookies);
  });

  it.each(["Authorization: Basic eDp5", "Content-Type: text/plain"])(
    "but not twice where one alone may stand: %s",
    async (line) => {
      const instance = await wire();
      const { port } = await gatewayTo(oneService([instance.url]));
      const received = await exchange(port, get("/x", "Host: a.test", line, line.toLowerCase()));
      expect(statusesIn(received)).toEqual([400]);
      expect(instance.connections()).toBe(0);
    },
  );
});

describe("a large head", () => {
  it("of 8 KB in its target, a field or a cookie is served", async () => {
    const long = "x".repeat(8_000);
    expect((await sentWith([`X-Long: ${long}`])).values("x-long")).toEqual([long]);
    expect((await sentWith([`Cookie: a=${long}`])).values("cookie")).toEqual([`a=${long}`]);
    const instance = await wire();
    const { port } = await gatewayTo(oneService([instance.url]));
    await exchange(port, get(`/${long}`, "Host: a.test", "Connection: close"));
    expect(instance.head()[0]).toBe(`GET /${long} HTTP/1.1`);
  });

  it.each([
    ["a field of 20 KiB", get("/x", "Host: a.test", `X-Long: ${"x".repeat(20_480)}`)],
    ["a target of 20 KiB", get(`/${"x".repeat(20_480)}`, "Host: a.test")],
    [
      "2,500 fields of 10 bytes",
      get("/x", "Host: a.test", ...Array<string>(2_500).fill("X-Some: 12")),
    ],
  ])("%s is a 431, and nothing is sent", async (_, head) => {
    const instance = await wire();
    const { port, server } = await gatewayTo(oneService([instance.url]));
    server.maxHeadersCount = 0;
    expect(statusesIn(await exchange(port, head))).toEqual([431]);
    expect(instance.connections()).toBe(0);
  });

  it.each([
    ["a field of 1 MiB", get("/x", "Host: a.test", `X-Long: ${"x".repeat(1_048_576)}`)],
    ["a target of 100 KiB", get(`/${"x".repeat(102_400)}`, "Host: a.test")],
  ])("%s is given up long before its end, and nothing is sent", async (_, head) => {
    const instance = await wire();
    const { port } = await gatewayTo(oneService([instance.url]));
    // The connection may be reset before the answer is read.
    expect([[], [431]]).toContainEqual(statusesIn(await exchange(port, head)));
    expect(instance.connections()).toBe(0);
  });

  it("of 2,500 small fields arrives whole, the last one too", async () => {
    const instance = await wire();
    const { port, server } = await gatewayTo(oneService([instance.url]));
    server.maxHeadersCount = 0;
    const lines = Array<string>(2_500).fill("a:1");
    await exchange(port, get("/x", "Host: a.test", "Connection: close", ...lines, "X-Last: 1"));
    expect(instance.values("a")).toHaveLength(2_500);
    expect(instance.values("x-last")).toEqual(["1"]);
  });
});
