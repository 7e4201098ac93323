import { expect, it } from "vitest";
import { checkConfig } from "./check.js";
import { formatProblem } from "./problem.js";

const lines = (config: unknown) => checkConfig(config).map(formatProblem);
/** What is said of a configuration that is well formed but for the affinity of a service. */
const told = (affinity: unknown, name = "s") =>
  lines({ services: { [name]: { instances: ["http://a"], affinity } }, routes: [{ to: name }] });

const ONE_FORM = "affinity must be exactly one of cookie, header, got";
const SECRET = "a secret must be text of at least 16 characters that nobody can guess";

it.each<readonly [what: string, affinity: unknown, ...lines: string[]]>([
  ["no record", true, `: ${ONE_FORM} true [AFFINITY]`],
  ["neither form", {}, `: ${ONE_FORM} an object [AFFINITY]`],
  ["both forms", { cookie: {}, header: "x" }, `: ${ONE_FORM} an object [AFFINITY]`],
  [
    "a cookie that is no record",
    { cookie: true },
    "/cookie: cookie must be a record of name, ttlS, sliding, path, domain, sameSite, secure, httpOnly, partitioned, sign, got true [TYPE]",
  ],
  [
    "a cookie wrong in every field",
    {
      cookie: {
        ...{ name: "a b", ttlS: 0, sliding: 1, path: "shop", domain: "http://x" },
        ...{ sameSite: "Lax", secure: "yes", httpOnly: 0, partitioned: 1 },
      },
    },
    '/cookie/domain: domain must be a host name without port or leading dot such as "shop.com", no address, got "http://x" [AFFINITY]',
    "/cookie/httpOnly: httpOnly must be true or false, got 0 [TYPE]",
    '/cookie/name: name must be a token of RFC 9110 (letters, digits, -) of at most 128 characters, got "a b" [AFFINITY]',
    "/cookie/partitioned: partitioned must be true or false, got 1 [TYPE]",
    '/cookie/path: path must be a path such as "/shop" in visible ASCII, without ";", of at most 1024 characters, got "shop" [AFFINITY]',
    '/cookie/sameSite: sameSite must be one of "strict", "lax", "none", got "Lax"; did you mean "lax"? [AFFINITY]',
    '/cookie/secure: secure must be true or false, got "yes" [TYPE]',
    "/cookie/sliding: sliding must be true or false, got 1 [TYPE]",
    "/cookie/ttlS: ttlS must be a whole number from 1 to 34560000, got 0 [AFFINITY]",
  ],
  [
    "a secret that is too short, and is not shown",
    { cookie: { sign: "hunter2" } },
    `/cookie/sign: ${SECRET}, got one that is not [AFFINITY]`,
  ],
  [
    "the same in a list",
    { cookie: { sign: ["0123456789abcdef", "hunter2"] } },
    `/cookie/sign/1: ${SECRET}, got one that is not [AFFINITY]`,
  ],
  [
    "no secret at all",
    { cookie: { sign: [] } },
    "/cookie/sign: sign must be a secret, or several [AFFINITY]",
  ],
  [
    "one secret twice",
    { cookie: { sign: ["0123456789abcdef", "0123456789abcdef"] } },
    "/cookie/sign: sign must be a list in which each secret stands once [AFFINITY]",
  ],
  [
    "what clients drop without Secure",
    { cookie: { sameSite: "none", secure: false } },
    '/cookie/secure: secure must be true or left out where sameSite is "none" [AFFINITY]',
  ],
  [
    "sliding without a time",
    { cookie: { sliding: true } },
    "/cookie/sliding: sliding must be left out where there is no ttlS that could begin again [AFFINITY]",
  ],
  [
    "a prefix that asks for more",
    { cookie: { name: "__Host-a", path: "/x", domain: "shop.com" } },
    "/cookie/domain: domain must be left out where the name begins with __Host- [AFFINITY]",
    '/cookie/path: path must be "/" or left out where the name begins with __Host- [AFFINITY]',
    "/cookie/secure: secure must be true where the name begins with __Host- [AFFINITY]",
  ],
  [
    "a header wrong in every field",
    { header: "a b", capacity: 2e9, ttlS: 1.5, sliding: true },
    "/capacity: capacity must be a whole number from 1 to 1000000, got 2000000000 [AFFINITY]",
    '/header: a header name must be a token of RFC 9110 (letters, digits, -), got "a b" [HEADER_NAME]',
    '/sliding: affinity has no field "sliding"; it may have header, ttlS, capacity [UNKNOWN_FIELD]',
    "/ttlS: ttlS must be a whole number from 1 to 34560000, got 1.5 [AFFINITY]",
  ],
])("an affinity is refused as it is: %s", (_, affinity, ...expected) => {
  expect(told(affinity)).toEqual(expected.map((line) => `/services/s/affinity${line}`));
});

it("a service that is named by an address needs a name for its cookie", () => {
  const problem =
    "name must be given where the service is named by an address, which a cookie must not show [AFFINITY]";
  expect(told({ cookie: {} }, "10.0.0.1")).toEqual([
    `/services/10.0.0.1/affinity/cookie/name: ${problem}`,
  ]);
  expect(told({ cookie: { name: "pin" } }, "10.0.0.1")).toEqual([]);
});

it("two services have two cookies, the names by default among them", () => {
  const of = (cookie: object) => ({ instances: ["http://a"], affinity: { cookie } });
  const services = {
    ...{ a: of({ name: "pin" }), b: of({ name: "pin" }) },
    ...{ c: of({}), d: of({ name: "affinity-c" }) },
  };
  expect(lines({ services, routes: [] })).toEqual([
    '/services/b/affinity/cookie/name: service "a" has the cookie "pin" already: give each a name of its own [AFFINITY]',
    '/services/d/affinity/cookie/name: service "c" has the cookie "affinity-c" already: give each a name of its own [AFFINITY]',
  ]);
});
