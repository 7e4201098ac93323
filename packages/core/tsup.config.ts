import { defineConfig, type Options } from "tsup";

// Only ES modules are split into chunks. Without this the CommonJS of the test kit has a gateway of its own, and throws a
// GatewayConfigError that is not the one of index.cjs.
const oneGateway: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "one-gateway",
  setup(build) {
    if (build.initialOptions.format !== "cjs") return;
    build.onResolve({ filter: /^(?:\.\.\/)+gateway\.js$/ }, ({ importer }) =>
      /[\\/]testing[\\/]/.test(importer) ? { path: "./index.cjs", external: true } : undefined,
    );
  },
};

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
  esbuildPlugins: [oneGateway],
  // It has ES modules only, which Jest does not take from a package without its experimental flag.
  noExternal: ["@noble/hashes"],
  sourcemap: true,
  clean: true,
});
