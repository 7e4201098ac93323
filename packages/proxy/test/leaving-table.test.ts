import { describe, expect, it } from "vitest";
import { inFlight, until } from "./kit.js";
import type { ClientTransport } from "./leaving-client.js";
import type { InstanceTransport, Way } from "./leaving-instance.js";
import { leavingRig, type Scene } from "./leaving-kit.js";
import { outcomeOf, sawOf, seesOf, toldOf } from "./leaving-words.js";
import type { When } from "./leaving-moments.js";

const play = leavingRig();

const clients: readonly ClientTransport[] = ["HTTP/1.1", "HTTP/2"];
const instances: readonly InstanceTransport[] = [
  "HTTP/1.1",
  "HTTP/2",
  "HTTP/1.1 on a Unix socket",
  "HTTP/2 on a Unix socket",
  "unpooled HTTP/1.1",
];
const ways: readonly Way[] = [
  "ends its connection",
  "resets its connection",
  "resets its stream",
  "ends for good",
];

/** Version and way of the side that leaves; `*` for all. On a Unix socket they are those of TCP without a reset. */
type Over = "*" | "HTTP/1.1" | "HTTP/2" | "unpooled";
type How = "*" | Way;

/** What the client sees, what the instance sees of the request, and status and stage of what is told. */
type ClientRow = readonly [When, Over, How, sees: string, saw: string, told: string];

const clientRows: readonly ClientRow[] = [
  ["while the request waits for a place", "*", "*", "nothing", "nothing", "499 connect"],
  // Node's own server answers a client that ends its side in the middle of a request.
  ["in a chunked upload", "HTTP/1.1", "ends its connection", "400, whole", "a part", "499 send"],
  ["in a chunked upload", "HTTP/1.1", "resets its connection", "nothing", "a part", "499 send"],
  ["in a chunked upload", "HTTP/2", "*", "nothing", "a part", "499 send"],
  ["in a counted upload", "HTTP/1.1", "ends its connection", "400, whole", "a part", "499 send"],
  ["in a counted upload", "HTTP/1.1", "resets its connection", "nothing", "a part", "499 send"],
  ["in a counted upload", "HTTP/2", "*", "nothing", "a part", "499 send"],
  ["after an upload", "*", "*", "nothing", "all", "499 head"],
  ["before an answer", "*", "*", "nothing", "all", "499 head"],
  ["in an early answer", "*", "*", "200 part, cut", "a part", "200 body"],
  ["in a counted answer", "*", "*", "200 part, cut", "all", "200 body"],
  ["in a chunked answer", "*", "*", "200 part, cut", "all", "200 body"],
  ["in an unsized answer", "*", "*", "200 part, cut", "all", "200 body"],
  ["after an answer", "*", "ends its connection", "200 all, whole", "all", "200"],
  ["after an answer", "*", "resets its connection", "200 all, whole", "all", "200"],
];

/** What the client sees, and stage and cause of what is told. */
type InstanceRow = readonly [When, Over, How, sees: string, told: string];

const instanceRows: readonly InstanceRow[] = [
  ["with the first bytes that it gets", "*", "ends its connection", "502, whole", "head closed"],
  ["with the first bytes that it gets", "*", "resets its connection", "502, whole", "head reset"],
  // The request that waits goes over the next connection, or gets the place on the same one.
  ["while the request waits for a place", "*", "ends its connection", "200 all, whole", ""],
  ["while the request waits for a place", "*", "resets its connection", "200 all, whole", ""],
  ["while the request waits for a place", "*", "resets its stream", "200 all, whole", ""],
  ["while the request waits for a place", "*", "ends for good", "502, whole", "connect refused"],
  ["in a chunked upload", "*", "ends its connection", "502, whole", "send closed"],
  ["in a chunked upload", "*", "resets its connection", "502, whole", "send reset"],
  ["in a chunked upload", "*", "resets its stream", "502, whole", "send reset"],
  ["in a counted upload", "*", "ends its connection", "502, whole", "send closed"],
  ["in a counted upload", "*", "resets its connection", "502, whole", "send reset"],
  ["in a counted upload", "*", "resets its stream", "502, whole", "send reset"],
  ["after an upload", "*", "ends its connection", "502, whole", "head closed"],
  ["after an upload", "*", "resets its connection", "502, whole", "head reset"],
  ["after an upload", "*", "resets its stream", "502, whole", "head reset"],
  ["before an answer", "*", "ends its connection", "502, whole", "head closed"],
  ["before an answer", "*", "resets its connection", "502, whole", "head reset"],
  ["before an answer", "*", "resets its stream", "502, whole", "head reset"],
  ["in an early answer", "HTTP/1.1", "ends its connection", "200 part, cut", "body closed"],
  ["in an early answer", "HTTP/1.1", "resets its connection", "200 part, cut", "body reset"],
  ["in an early answer", "unpooled", "ends its connection", "200 part, cut", "body truncated"],
  ["in an early answer", "unpooled", "resets its connection", "200 part, cut", "body reset"],
  ["in an early answer", "HTTP/2", "*", "200 part, cut", "body truncated"],
  ["in a counted answer", "HTTP/1.1", "ends its connection", "200 part, cut", "body closed"],
  ["in a counted answer", "HTTP/1.1", "resets its connection", "200 part, cut", "body reset"],
  ["in a counted answer", "unpooled", "ends its connection", "200 part, cut", "body truncated"],
  ["in a counted answer", "unpooled", "resets its connection", "200 part, cut", "body reset"],
  ["in a counted answer", "HTTP/2", "*", "200 part, cut", "body truncated"],
  ["in a chunked answer", "HTTP/1.1", "ends its connection", "200 part, cut", "body closed"],
  ["in a chunked answer", "HTTP/1.1", "resets its connection", "200 part, cut", "body reset"],
  ["in a chunked answer", "unpooled", "ends its connection", "200 part, cut", "body truncated"],
  ["in a chunked answer", "unpooled", "resets its connection", "200 part, cut", "body reset"],
  ["in a chunked answer", "HTTP/2", "*", "200 part, cut", "body truncated"],
  // Over HTTP/1.1 an orderly end is the end of such an answer.
  ["in an unsized answer", "HTTP/1.1", "ends its connection", "200 part, whole", ""],
  ["in an unsized answer", "HTTP/1.1", "resets its connection", "200 part, cut", "body truncated"],
  ["in an unsized answer", "unpooled", "ends its connection", "200 part, whole", ""],
  ["in an unsized answer", "unpooled", "resets its connection", "200 part, cut", "body reset"],
  ["in an unsized answer", "HTTP/2", "*", "200 part, cut", "body truncated"],
  ["after an answer", "HTTP/1.1", "ends its connection", "200 all, whole", ""],
  ["after an answer", "HTTP/1.1", "resets its connection", "200 all, whole", ""],
  ["after an answer", "HTTP/2", "ends its connection", "200 all, whole", ""],
  ["after an answer", "HTTP/2", "resets its connection", "200 all, whole", ""],
];

/** The ways that there are over a transport, of those that a row names. */
function waysOver(transport: string, over: Over, how: How): readonly Way[] {
  if (over !== "*" && !transport.startsWith(over)) return [];
  return ways.filter((way) => {
    if (way === "resets its stream" && !transport.startsWith("HTTP/2")) return false;
    if (way === "resets its connection" && transport.includes("Unix")) return false;
    return way === how || (how === "*" && way !== "ends for good");
  });
}

const leavingClients = clientRows.flatMap(([when, over, way, sees, saw, told]) =>
  clients.flatMap((client) =>
    waysOver(client, over, way).flatMap((how) =>
      instances.map((instance) => ({ when, client, how, instance, sees, saw, told })),
    ),
  ),
);

const leavingInstances = instanceRows.flatMap(([when, over, way, sees, told]) =>
  instances.flatMap((instance) =>
    waysOver(instance, over, way).flatMap((how) =>
      clients.map((client) => ({ when, client, how, instance, sees, told })),
    ),
  ),
);

/** Nothing is under way, the next request is served, and no connection outlives those who hold it. */
async function expectNothingLeft(scene: Scene): Promise<void> {
  const { proxy, instance } = scene;
  const count = proxy.ends.length;
  expect(proxy.proxy.counts).toMatchObject({ requests: 0, upgrades: 0, mirrors: 0, waiting: 0 });
  expect(inFlight(proxy.gateway)).toBe(0);
  const next = await scene.ask("/all");
  await until(() => next.sight.end !== "none");
  expect(seesOf(next)).toBe("200 all, whole");
  expect(toldOf(await proxy.ended(count + 1))).toBe("200 whole");
  await scene.close();
  await until(() => instance.sockets.size === 0);
  expect(proxy.ends).toHaveLength(count + 1);
  expect(proxy.proxy.counts.pools).toBe(0);
}

describe("a client that leaves is told of as one and is no fault of the instance", () => {
  it.each(leavingClients)(
    "over $client it $how $when, the instance over $instance",
    async ({ sees, saw, told, ...cell }) => {
      const scene = await play({ who: "client", ...cell });
      const [status, stage] = told.split(" ");
      expect(outcomeOf(scene)).toEqual({
        sees,
        told: stage === undefined ? `${status} whole` : `${status} cut, client ${stage} left`,
        blamed: 0,
      });
      for (const other of scene.others) expect(seesOf(other)).toBe("200 all, whole");
      await expectNothingLeft(scene);
      // Last of all: nothing that came later has completed it.
      expect(sawOf(scene)).toBe(saw);
    },
  );
});

describe("an instance that leaves is blamed for what it breaks, and the client sees that", () => {
  it.each(leavingInstances)(
    "over $instance it $how $when, the client over $client",
    async ({ sees, told, ...cell }) => {
      const scene = await play({ who: "instance", ...cell });
      const [status, end] = sees.split(/ .*, |, /);
      expect(outcomeOf(scene)).toEqual({
        sees,
        told: told === "" ? `${status} ${end}` : `${status} ${end}, instance ${told}`,
        blamed: told === "" ? 0 : scene.clients.length,
      });
      for (const other of scene.others) expect(seesOf(other)).toBe("502, whole");
      await expectNothingLeft(scene);
      if (scene.isCutUpload) expect(sawOf(scene)).toBe("a part");
    },
  );
});
