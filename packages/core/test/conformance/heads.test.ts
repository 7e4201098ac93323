import { describe, expect, it } from "vitest";
import type { ConfigInput, HeaderRecord } from "../../src/index.js";
import {
  answered,
  ask,
  forwarded,
  json,
  lines,
  linesOf,
  listOf,
  routeTo,
  sent,
  services,
} from "./kit.js";

const names = (flat: readonly string[]) =>
  flat.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());

describe("hop-by-hop fields of a request", () => {
  for (const name of [
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Upgrade",
    "Proxy-Authorization",
  ])
    it(`${name} stays behind`, () =>
      expect(names(sent(routeTo({}), lines("GET", "/", name, "x")))).not.toContain(
        name.toLowerCase(),
      ));

  it("stay behind when Connection names them", () => {
    const head = sent(
      routeTo({}),
      lines("GET", "/", "X-Hop", "1", "Connection", "keep-alive, X-HOP"),
    );
    expect(names(head)).not.toContain("x-hop");
  });
  it("stay behind when the second Connection line names them", () => {
    const head = sent(
      routeTo({}),
      lines("GET", "/", "Connection", "", "X-Hop", "1", "Connection", "x-hop"),
    );
    expect(names(head)).not.toContain("x-hop");
  });
  it("do not take others along", () => {
    const head = sent(routeTo({}), lines("GET", "/", "X-Keep", "1", "Connection", "x-hop"));
    expect(linesOf(head, "x-keep")).toEqual(["1"]);
  });
  it("never include the host", () => {
    const head = sent(routeTo({}), lines("GET", "/", "Host", "a.test", "Connection", "host"));
    expect(linesOf(head, "host")).toEqual(["a.test"]);
  });
});

describe("what the gateway adds cannot be stripped by a client", () => {
  const config = routeTo({ requestHeaders: { set: { "x-user": "me" }, add: { "x-list": "me" } } });
  const view = ask(
    "GET a.test/",
    { connection: "close, X-User, x-list, X-Forwarded-For", "x-user": "evil", "x-list": "evil" },
    { remoteAddress: "203.0.113.9" },
  );
  it("a field that is set", () => expect(linesOf(sent(config, view), "x-user")).toEqual(["me"]));
  it("a field that is added, without the one that was named", () =>
    expect(listOf(sent(config, view), "x-list")).toEqual(["me"]));
  it("the address of the client", () =>
    expect(listOf(sent(config, view), "x-forwarded-for")).toEqual(["203.0.113.9"]));
});

describe("hop-by-hop fields of a response", () => {
  const head = () =>
    answered(routeTo({ responseHeaders: { set: { "x-own": "1" } } }), "GET /", {
      connection: "x-hop, x-own",
      "keep-alive": "timeout=5",
      "x-hop": "1",
      "x-own": "0",
      "x-keep": "1",
    });
  for (const name of ["connection", "keep-alive", "x-hop"])
    it(`${name} stays behind`, () => expect(names(head())).not.toContain(name));
  it("leave others", () => expect(linesOf(head(), "x-keep")).toEqual(["1"]));
  it("cannot strip what the gateway adds", () => expect(linesOf(head(), "x-own")).toEqual(["1"]));
});

describe("X-Forwarded-* and the client's address", () => {
  const trusting = json({
    services,
    routes: [{ to: "web" }],
    trustedProxies: ["10.0.0.0/8"],
  });
  const from = (remoteAddress: string, headers: HeaderRecord = {}) =>
    ask("GET a.test/", headers, { remoteAddress });
  const cases: readonly (readonly [
    sentence: string,
    config: ConfigInput,
    peer: string,
    said: string | readonly string[] | undefined,
    client: string,
    list: readonly string[],
  ])[] = [
    [
      "are made from the peer",
      routeTo({}),
      "203.0.113.9",
      undefined,
      "203.0.113.9",
      ["203.0.113.9"],
    ],
    [
      "replace what an untrusted peer says",
      routeTo({}),
      "203.0.113.9",
      "6.6.6.6",
      "203.0.113.9",
      ["203.0.113.9"],
    ],
    ["trust nobody by default", routeTo({}), "10.0.0.1", "6.6.6.6", "10.0.0.1", ["10.0.0.1"]],
    [
      "replace what comes from outside of the ranges",
      trusting,
      "203.0.113.9",
      "6.6.6.6",
      "203.0.113.9",
      ["203.0.113.9"],
    ],
    [
      "are added to what a trusted peer says",
      trusting,
      "10.0.0.1",
      "1.2.3.4",
      "1.2.3.4",
      ["1.2.3.4", "10.0.0.1"],
    ],
    [
      "are read from right to left",
      trusting,
      "10.0.0.1",
      "6.6.6.6, 1.2.3.4, 10.0.0.2",
      "1.2.3.4",
      ["6.6.6.6", "1.2.3.4", "10.0.0.2", "10.0.0.1"],
    ],
    [
      "are read over several lines",
      trusting,
      "10.0.0.1",
      ["6.6.6.6", "1.2.3.4"],
      "1.2.3.4",
      ["6.6.6.6", "1.2.3.4", "10.0.0.1"],
    ],
  ];
  for (const [sentence, config, peer, said, client, list] of cases) {
    const view = from(peer, { "x-forwarded-for": said });
    it(sentence, () => expect(listOf(sent(config, view), "x-forwarded-for")).toEqual(list));
    it(`${sentence}: the address`, () =>
      expect(forwarded(config, view).clientAddress).toBe(client));
  }

  const lies = { "x-forwarded-proto": "https", "x-forwarded-host": "evil.test" };
  it("do not keep a scheme that an untrusted peer claims", () =>
    expect(linesOf(sent(routeTo({}), from("203.0.113.9", lies)), "x-forwarded-proto")).toEqual([
      "http",
    ]));
  it("do not keep a host that an untrusted peer claims", () =>
    expect(sent(routeTo({}), from("203.0.113.9", lies)).join(" ")).not.toContain("evil.test"));
  it("keep a scheme that a trusted peer names", () =>
    expect(linesOf(sent(trusting, from("10.0.0.1", lies)), "x-forwarded-proto")).toEqual([
      "https",
    ]));
});

describe("the head that is sent", () => {
  it("keeps every other field with its value", () => {
    const view = lines("GET", "/", "Host", "a.test", "Accept", "*/*", "X-A", "1", "x-a", "2");
    const head = sent(routeTo({}), view);
    expect(linesOf(head, "accept")).toEqual(["*/*"]);
    expect(linesOf(head, "x-a")).toEqual(["1", "2"]);
  });
  it("has one host line", () => {
    const view = lines("GET", "http://b.test/", "Host", "a.test");
    expect(linesOf(sent(routeTo({}), view), "host")).toEqual(["b.test"]);
  });
});
