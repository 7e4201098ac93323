import { defineConfig } from "tsup";

export default defineConfig({
  entry: { index: "src/index.ts", testing: "src/testing/index.ts" },
  format: ["esm", "cjs"],
  target: "node22",
  tsconfig: "tsconfig.src.json",
  dts: true,
  sourcemap: true,
  clean: true,
});
