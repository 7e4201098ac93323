// What a test says when it fails, as whoever broke a route will read it.

const { GatewayConfigError } = require("@signalbox/core");
const { formatCoverage, matchers, routeTester } = require("@signalbox/core/testing");
const { config } = require("./routes.js");

expect.extend(matchers);

function messageOf(assertion) {
  try {
    assertion();
  } catch (error) {
    return error.message;
  }
  throw new Error("the assertion holds");
}

test("a matcher explains why the request went elsewhere", () => {
  const headers = { cookie: "reader=ada" };
  const explanation = routeTester(config).ask("GET /articles/7", { headers });
  const message = messageOf(() => expect(explanation).toReach("articles", "v2"));
  expect(message).toMatch(
    /^expected the request to reach articles v2, but route articles forwards/,
  );
  expect(message).toMatch(/✗ preview +header x-preview: wanted "1", found nothing/);
  expect(message).toMatch(/✓ articles v1 +weight 90/);
});

test("a matcher after `.not` tells what happened all the same", () => {
  const explanation = routeTester(config).ask("GET /healthz");
  expect(messageOf(() => expect(explanation).not.toRespond())).toMatch(
    /^expected the request not to be answered by the gateway, but route health answers 204\n/,
  );
});

test("a matcher that is asked for nothing fails, after `.not` too", () => {
  const explanation = routeTester(config).ask("GET /");
  expect(messageOf(() => expect(explanation).not.toReach())).toBe(
    "toReach asks for the name of a service and, if it matters, a version, got nothing",
  );
});

test("the coverage names what no request has met", () => {
  const routes = routeTester(config);
  routes.ask("GET /articles/7");
  const message = messageOf(() => expect(formatCoverage(routes.coverage())).toMatch(/^100 %/));
  expect(message).toContain("route blog: never reached");
  expect(message).toContain("route articles: its share for articles v2 never reached");
  expect(message).toContain("route search: path: /search never held");
});

test("a refused configuration throws the error that the library exports", () => {
  expect(() => routeTester({ routes: [{ to: "nowhere" }] })).toThrow(GatewayConfigError);
});

test("the entries for types alone are modules without anything", () => {
  expect(require("@signalbox/core/testing/jest")).toEqual({});
  expect(require("@signalbox/core/testing/jest-globals")).toEqual({});
});
