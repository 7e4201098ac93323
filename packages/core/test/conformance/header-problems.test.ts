import { checks, json, routeTo, services } from "./kit.js";

const forbidden = [
  ...["Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive"],
  ...["Proxy-Connection", "TE", "Upgrade"],
];
for (const field of ["requestHeaders", "responseHeaders"]) {
  const route = (value: object) => routeTo({ [field]: value });
  const backend = (value: object) =>
    json({ services, routes: [{ to: [{ service: "web", weight: 1, [field]: value }] }] });

  checks(`${field} in a configuration`, [
    ...forbidden.map(
      (name) =>
        [`do not set ${name}`, route({ set: { [name]: "x" } }), "HEADER_FORBIDDEN"] as const,
    ),
    ...forbidden.map(
      (name) =>
        [
          `do not add ${name}`,
          route({ add: { [name.toLowerCase()]: "x" } }),
          "HEADER_FORBIDDEN",
        ] as const,
    ),
    ...forbidden.map(
      (name) =>
        [
          `do not set ${name} for a backend`,
          backend({ set: { [name.toUpperCase()]: "x" } }),
          "HEADER_FORBIDDEN",
        ] as const,
    ),
    [
      "may set, add and remove",
      route({ set: { a: "1" }, add: { b: "2" }, remove: ["c"] }),
      undefined,
    ],
    [
      "do not set and add one name",
      route({ set: { "x-a": "1" }, add: { "x-a": "2" } }),
      "HEADER_TWICE",
    ],
    [
      "do not set and remove one name",
      route({ set: { "x-a": "1" }, remove: ["x-a"] }),
      "HEADER_TWICE",
    ],
    [
      "do not add and remove one name",
      route({ add: { "x-a": "1" }, remove: ["x-a"] }),
      "HEADER_TWICE",
    ],
    [
      "do not set one name in two cases",
      route({ set: { "x-a": "1", "X-A": "2" } }),
      "HEADER_TWICE",
    ],
    [
      "do not set and add one name in two cases",
      route({ set: { "x-a": "1" }, add: { "X-A": "2" } }),
      "HEADER_TWICE",
    ],
    ["do not remove one name twice", route({ remove: ["x-a", "X-A"] }), "HEADER_TWICE"],
    [
      "may name one header on both levels",
      json({
        services,
        routes: [
          {
            [field]: { set: { a: "1" } },
            to: [{ service: "web", weight: 1, [field]: { add: { a: "2" } } }],
          },
        ],
      }),
      undefined,
    ],
    ["hold no line break", route({ set: { "x-a": "a\r\nb: c" } }), "HEADER_VALUE"],
    ["hold no bare line feed", route({ add: { "x-a": "a\nb" } }), "HEADER_VALUE"],
    ["hold no NUL", route({ set: { "x-a": "a\u0000" } }), "HEADER_VALUE"],
    ["hold no DEL", route({ set: { "x-a": "a\u007f" } }), "HEADER_VALUE"],
    [
      "hold no control character for a backend",
      backend({ set: { "x-a": "a\u0001" } }),
      "HEADER_VALUE",
    ],
    ["name no header with a space", route({ set: { "x a": "1" } }), "HEADER_NAME"],
    ["name no header with a colon", route({ remove: ["x:a"] }), "HEADER_NAME"],
    ["name no header without a name", route({ set: { "": "1" } }), "HEADER_NAME"],
  ]);
}
