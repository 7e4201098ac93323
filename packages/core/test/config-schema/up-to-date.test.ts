import path from "node:path";
import { expect, it } from "vitest";
import { configSchema } from "../../scripts/config-schema.js";

const file = path.join(import.meta.dirname, "../../config.schema.json");

it("config.schema.json is what `pnpm --filter @signalbox/core schema` makes of the sources", async () => {
  await expect(await configSchema()).toMatchFileSnapshot(file);
});
