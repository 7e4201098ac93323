/** @type {import("@signalbox/core").GatewayConfig} */
exports.config = {
  services: {
    articles: {
      instances: [
        { url: "http://10.0.0.1:8080", version: "v1" },
        { url: "http://10.0.1.1:8080", version: "v2" },
      ],
    },
    search: { instances: [] },
  },
  routes: [
    {
      id: "preview",
      match: { path: "/articles/*", method: ["GET", "HEAD"], headers: { "x-preview": "1" } },
      to: { service: "articles", version: "v2" },
    },
    {
      id: "articles",
      match: { path: "/articles/*", method: ["GET", "HEAD"] },
      to: { service: "articles", split: { v1: 90, v2: 10 }, sticky: { cookie: "reader" } },
    },
    { id: "search", match: { path: "/search" }, to: "search" },
    { id: "health", match: { path: "/healthz" }, respond: { status: 204 } },
    {
      id: "blog",
      match: { path: { prefix: "/blog" } },
      redirect: { status: 308, path: { replacePrefix: "/articles" } },
    },
  ],
};
