import { defineConfig } from "vitest/config";

// Tests run from the sources: every package lists this condition first in its `exports`. No more than that and "node":
// Node itself gets these too, and it must tell what is imported from what is required.
const conditions = ["@signalbox/source", "node"];

export default defineConfig({
  resolve: { conditions: [...conditions, "import", "module", "default"] },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["packages/*/{src,test}/**/*.test.ts", ".ci/**/*.test.ts"],
    testTimeout: 20_000,
    // One for each core; the default leaves one idle.
    maxWorkers: "100%",
  },
});
