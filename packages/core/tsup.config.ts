import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    testing: "src/testing/index.ts",
    "testing-vitest": "src/testing/vitest.ts",
    "testing-jest": "src/testing/jest.ts",
    "testing-jest-globals": "src/testing/jest-globals.ts",
  },
  format: ["esm", "cjs"],
  target: "node22",
  tsconfig: "tsconfig.src.json",
  dts: true,
  sourcemap: true,
  clean: true,
});
