import { ask, holds, leads, lines } from "./kit.js";

leads(
  "query conditions of several routes",
  [
    { id: "whale", match: { query: { animal: "whale" } } },
    { id: "dolphin", match: { query: { animal: "dolphin" } } },
    { id: "blue", match: { query: { animal: "dolphin", color: "blue" } } },
    { id: "other", match: [{ query: { ANIMAL: "Whale" } }, { query: { fish: "hake" } }] },
  ],
  [
    ["one parameter", "GET /?animal=whale", "whale"],
    ["another value", "GET /?animal=dolphin", "dolphin"],
    ["two parameters beat one", "GET /?animal=dolphin&color=blue", "blue"],
    ["their order does not matter", "GET /?color=blue&animal=dolphin", "blue"],
    ["other parameters do not matter", "GET /?x=1&animal=whale&y", "whale"],
    ["the path does not matter", "GET /a/b?animal=whale", "whale"],
    ["names and values are case-sensitive", "GET /?ANIMAL=Whale", "other"],
    ["the name alone in another case", "GET /?Animal=whale", "none"],
    ["the value alone in another case", "GET /?animal=Whale", "none"],
    ["an alternative", "GET /?fish=hake", "other"],
    ["a value of nobody", "GET /?animal=shark", "none"],
    ["one of two only", "GET /?color=blue", "none"],
    ["no query", "GET /", "none"],
    ["a parameter as a header", ask("GET /", { animal: "whale" }), "none"],
  ],
);

holds("a parameter", { query: { a: "1" } }, [
  ["is found first", "GET /?a=1&b=2", true],
  ["is found last", "GET /?b=2&a=1", true],
  ["is found after empty pairs", "GET /?&&a=1", true],
  ["counts by its first value", "GET /?a=1&a=2", true],
  ["does not count by its second value", "GET /?a=2&a=1", false],
  ["is not the end of another name", "GET /?ba=1", false],
  ["is not the start of another name", "GET /?ab=1", false],
  ["is not the start of another value", "GET /?a=10", false],
  ["is not in another value", "GET /?b=&c=a=1", false],
  ["is no list", "GET /?a[]=1", false],
  ["is found by an escaped name", "GET /?%61=1", true],
  ["is found by an escaped value", "GET /?a=%31", true],
  ["does not split at an escaped ampersand", "GET /?b=2%26a=1", false],
  ["does not split at an escaped equals sign", "GET /?a%3D1", false],
]);

holds("a parameter with signs", { query: { "a b": "c d+e&f=g%é" } }, [
  ["is decoded with plus as space", "GET /?a+b=c+d%2Be%26f=g%25%C3%A9", true],
  ["is decoded with escaped spaces", "GET /?a%20b=c%20d%2be%26f%3dg%25%c3%a9", true],
  ["is not found with an escaped plus for a space", "GET /?a%2Bb=c+d%2Be%26f=g%25%C3%A9", false],
  ["is decoded once only", "GET /?a+b=c+d%2Be%2526f=g%25%C3%A9", false],
]);

holds("a parameter whose name has a plus", { query: { "a+b": "1" } }, [
  ["is found by its escape", "GET /?a%2Bb=1", true],
  ["is not found by a plus, which is a space", "GET /?a+b=1", false],
]);

holds("a parameter under a regex with anchors", { query: { a: { regex: "^admin$" } } }, [
  ["is a whole value", "GET /?a=admin", true],
  ["is no whole value before a break", "GET /?a=admin%0A", false],
  ["is no whole value behind a break", "GET /?a=x%0aadmin", false],
]);

holds("a parameter that must be there", { query: { a: { present: true } } }, [
  ["is there with a value", "GET /?a=1", true],
  ["is there with an empty value", "GET /?a=", true],
  ["is there without a sign", "GET /?a", true],
  ["is absent", "GET /?b=1", false],
  ["is absent without a query", "GET /", false],
]);

holds("a parameter that must not be there", { query: { a: { present: false } } }, [
  ["is absent", "GET /?b=a", true],
  ["is absent without a query", "GET /", true],
  ["is there without a value", "GET /?a", false],
]);

holds("an empty value", { query: { a: "" } }, [
  ["is that of a name alone", "GET /?a", true],
  ["is that of a name with a sign", "GET /?a=", true],
  ["is not that of an absent one", "GET /?b", false],
]);

holds("a parameter that must be another", { query: { a: { not: "1" } } }, [
  ["holds on another", "GET /?a=2", true],
  ["holds on nothing", "GET /", true],
  ["looks at the first value", "GET /?a=2&a=1", true],
  ["fails on it", "GET /?a=1&a=2", false],
]);

holds("names that objects inherit, in a query", { query: { constructor: { present: true } } }, [
  ["are absent unless sent", "GET /?a=1", false],
  ["are there when sent", "GET /?constructor=1", true],
]);

holds("a query that reaches for prototypes", { query: { polluted: { present: false } } }, [
  [
    "sets nothing",
    "GET /?__proto__[polluted]=1&__proto__=2&constructor[prototype][polluted]=3",
    true,
  ],
]);

holds("a query without end", { query: { a: { present: false } } }, [
  ["is looked through all the same", `GET /?${"b=1&".repeat(50_000)}`, true],
  ["may be one long name", `GET /?${"b".repeat(200_000)}`, true],
]);

const cookie = (value: string) => ask("GET /", { cookie: value });

holds("a cookie", { cookies: { uid: "7" } }, [
  ["is found alone", cookie("uid=7"), true],
  ["is found first", cookie("uid=7; b=2"), true],
  ["is found last", cookie("b=2; uid=7"), true],
  ["is found without a space", cookie("b=2;uid=7"), true],
  ["counts by its first value", cookie("uid=7; uid=8"), true],
  ["does not count by its second value", cookie("uid=8; uid=7"), false],
  ["is not the end of another name", cookie("xuid=7"), false],
  ["is not the start of another name", cookie("uid2=7"), false],
  ["is not in another value", cookie("b=uid=7"), false],
  ["is case-sensitive", cookie("UID=7"), false],
  ["is not the start of another value", cookie("uid=77"), false],
  ["keeps its quotes", cookie('uid="7"'), false],
  ["is not decoded", cookie("uid=%37"), false],
  ["has no escaped name", cookie("%75id=7"), false],
  [
    "is found in the second of two lines",
    lines("GET", "/", "Cookie", "b=2", "cookie", "uid=7"),
    true,
  ],
  [
    "is found in the first of two lines",
    lines("GET", "/", "Cookie", "uid=7", "Cookie", "b=2"),
    true,
  ],
  ["counts by its first line", lines("GET", "/", "Cookie", "uid=8", "Cookie", "uid=7"), false],
  ["is not a header", ask("GET /", { uid: "7" }), false],
  ["is absent without cookies", "GET /", false],
]);

holds("a cookie with quotes", { cookies: { uid: '"7"' } }, [
  ["is compared with them", cookie('uid="7"'), true],
  ["is not found without them", cookie("uid=7"), false],
]);

holds("a cookie with escapes", { cookies: { uid: "a%20b" } }, [
  ["is compared as it stands", cookie("uid=a%20b"), true],
  ["is not compared with what they say", cookie("uid=a b"), false],
]);

holds("a cookie with an equals sign in it", { cookies: { token: "a=b==" } }, [
  ["is all that follows the first", cookie("token=a=b==; x=1"), true],
  ["is not cut at the second", cookie("token=a"), false],
]);

holds("a cookie that must not be there", { cookies: { a: { present: false }, b: { not: "1" } } }, [
  ["is absent", cookie("c=1"), true],
  ["is absent without cookies", "GET /", true],
  ["is there with an empty value", cookie("a="), false],
  ["is another", cookie("b=2"), true],
  ["is not another", cookie("b=1"), false],
]);

holds("a cookie that must be there", { cookies: { a: { present: true } } }, [
  ["is there with an empty value", cookie("a=; b=1"), true],
  ["is absent", cookie("b=1"), false],
]);

holds("names that objects inherit, as cookies", { cookies: { constructor: { present: true } } }, [
  ["are absent unless sent", cookie("a=1"), false],
  ["are there when sent", cookie("constructor=1"), true],
]);

leads(
  "cookie conditions",
  [
    { id: "beta", match: { cookies: { beta: { oneOf: ["1", "yes"] } } } },
    { id: "both", match: { cookies: { beta: "1", uid: "7" } } },
    { id: "rest", match: {} },
  ],
  [
    ["the one that holds", cookie("beta=yes"), "beta"],
    ["two beat one", cookie("beta=1; uid=7"), "both"],
    ["none that holds", cookie("beta=no"), "rest"],
  ],
);
