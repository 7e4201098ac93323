const { formatCoverage, matchers, routeTester } = require("@signalbox/core/testing");
const { config } = require("./routes.js");

expect.extend(matchers);

// The requests of all tests count for the coverage.
const routes = routeTester(config);

test("keeps a reader on one version", () => {
  const read = (reader) =>
    routes.ask("GET /articles/7", { headers: { cookie: `reader=${reader}` } });
  expect(read("ada")).toReach("articles", "v1");
  expect(read("dan")).toReach("articles", "v2");
});

test("shows the second version to those who ask for it", () => {
  const headers = { "X-Preview": "1", cookie: "reader=ada" };
  expect(routes.ask("GET /articles/7", { headers })).toReach("articles", "v2");
  expect(routes.ask("POST /articles/7", { headers })).not.toReach("articles");
});

test("sends the old address on, with the query", () => {
  const explanation = routes.ask("GET news.org/blog/7?print=1");
  expect(explanation).toRedirect("http://news.org/articles/7?print=1", 308);
  expect(explanation).toRedirect(/\/articles\/7/);
  expect(explanation).not.toRedirect("http://news.org/blog/7");
});

test("answers probes itself", () => {
  expect(routes.ask("GET /healthz")).toRespond(204);
  expect(routes.ask("GET /healthz/deep")).not.toRespond();
});

test("refuses what it cannot forward", () => {
  expect(routes.ask("GET /search?q=trains")).toBeRejected("no-instance");
  expect(routes.ask("GET /search?q=trains")).toBeRejected(503);
  expect(routes.ask("GET /articles/%00")).toBeRejected("bad-request");
  expect(routes.ask("GET /articles/7")).not.toBeRejected();
});

test("leaves the rest to the server that it lives in", () => {
  expect(routes.ask("GET /")).toFallThrough();
  expect(routes.ask("GET /search")).not.toFallThrough();
});

// The last test: it looks back at the requests of those above.
test("meets every route, share and condition", () => {
  expect(formatCoverage(routes.coverage())).toBe("100 % of routes, shares and conditions were met");
});
