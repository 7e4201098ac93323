import type { Screen } from "./screen.ts";
import type { Shop } from "./shop.ts";

/** Makes the shop whole again, says what to try, and prints what goes where. */
export async function serve(shop: Shop, screen: Screen): Promise<void> {
  await shop.add("orders", "v1");
  await shop.shift({ v1: 50, v2: 50 });
  await shop.gateway.call("log");
  const address = `http://127.0.0.1:${shop.gateway.port}`;
  screen.title(`The shop stays up at ${address} until Ctrl-C; products are split 50 to 50. Try:`);
  const lines: readonly (readonly [line: string, about: string])[] = [
    [`curl ${address}/`, "the server's own page: no route takes it"],
    [`curl -i ${address}/products/lamp`, "v1 or v2, by a draw"],
    [`curl -i -b uid=user-7 ${address}/products/lamp`, "always the same version for one user"],
    [`curl -i -H 'x-beta: 1' ${address}/products/lamp`, "another route: always v2"],
    [`curl -d '{"product":"lamp"}' ${address}/orders`, "any of the instances of orders"],
    [`curl -L ${address}/catalogue/lamp`, "redirected to /products/lamp"],
    [`curl ${address}/healthz`, "answered by the gateway"],
  ];
  const width = Math.max(...lines.map(([line]) => line.length));
  for (const [line, about] of lines) screen.print(`  ${line.padEnd(width)}  # ${about}`);
  screen.print();
}
