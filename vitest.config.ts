import { defineConfig } from "vitest/config";

// Tests run from the sources: every package lists this condition first in its `exports`.
const conditions = ["@signalbox/source", "node", "import", "module", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["packages/*/{src,test}/**/*.test.ts", ".ci/**/*.test.ts"],
    testTimeout: 20_000,
  },
});
