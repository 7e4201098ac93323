// A canary from nothing to everything and back: node src/main.ts
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createShop } from "./app.ts";
import { startInstance } from "./service.ts";

const USERS = 1_000;

const v1 = await startInstance("v1");
const v2 = await startInstance("v2");
const shop = createShop({ v1: v1.url, v2: v2.url });
const server = createServer(shop.app);
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

await rollOutAndBack();
await shop.middleware.close();
server.closeAllConnections();
server.close();
await Promise.all([v1.close(), v2.close()]);

/** The users who get v2. */
async function versions(): Promise<Set<string>> {
  const found = new Set<string>();
  for (let from = 0; from < USERS; from += 50)
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const user = `user-${from + index}`;
        const answer = await fetch(`${url}/products/7`, { headers: { cookie: `user=${user}` } });
        const { version } = (await answer.json()) as { version: string };
        if (version === "v2") found.add(user);
      }),
    );
  return found;
}

async function rollOutAndBack(): Promise<void> {
  let before = await versions();
  console.log(`100 : 0   v2 has ${before.size} of ${USERS} users`);
  for (const share of [5, 25, 100, 0]) {
    shop.shift({ v1: 100 - share, v2: share });
    const now = await versions();
    const moved = [...now].filter((user) => !before.has(user)).length;
    const back = [...before].filter((user) => !now.has(user)).length;
    console.log(
      `${String(100 - share).padStart(3)} : ${String(share).padEnd(3)} v2 has ${now.size} of ${USERS} users; ${moved} moved to it, ${back} back`,
    );
    before = now;
  }
}
