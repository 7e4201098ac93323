import comments from "@eslint-community/eslint-plugin-eslint-comments";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import boundaries from "./.ci/lint/boundaries.ts";
import fileName from "./.ci/lint/file-name.ts";

const syntax = [
  { selector: "ExportAllDeclaration", message: "Name what is exported: no `export *`." },
  { selector: "TSEnumDeclaration", message: "No enums: a union of literals." },
  {
    selector:
      "Program > VariableDeclaration[kind!='const'], Program > ExportNamedDeclaration > VariableDeclaration[kind!='const']",
    message: "Nothing is kept at module level: no `let` or `var` there.",
  },
];

const defaultExport = {
  selector: "ExportDefaultDeclaration, ExportSpecifier[exported.name='default']",
  message: "No default exports.",
};

const synchronous = [
  {
    selector:
      ":function[async=true], AwaitExpression, ForOfStatement[await=true], ImportExpression",
    message: "Core awaits nothing.",
  },
];

const aliasOfMath = {
  selector: "Identifier[name='Math']:not(MemberExpression > .object)",
  message: "Core uses members of Math by name, so that Math.random cannot slip in.",
};

const impure =
  "Time and chance enter core through Env; sockets and output belong to other packages.";
const impureGlobals = [
  ...["Date", "performance", "Temporal", "crypto", "fetch", "console", "process", "navigator"],
  ...["setTimeout", "setInterval", "setImmediate", "queueMicrotask"],
  ...["clearTimeout", "clearInterval", "clearImmediate"],
  ...["globalThis", "global", "self", "window"],
  ...["WebSocket", "XMLHttpRequest", "EventSource"],
].map((name) => ({ name, message: impure }));

const tests = ["**/*.test.ts", "**/*.test-d.ts", "packages/*/test/**"];

/** @type {any} The rules are typed by typescript-eslint, whose rule type ESLint's own does not accept. */
const rules = { boundaries, "file-name": fileName };

export default defineConfig(
  globalIgnores(["**/dist/", "**/coverage/", ".ci/out/", "docs/reference/"]),
  {
    files: ["**/*.{js,mjs,cjs,ts,mts}"],
    extends: [tseslint.configs.recommended],
    plugins: {
      comments,
      signalbox: { rules },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "comments/no-unlimited-disable": "error",
      "comments/require-description": "error",
      "no-restricted-syntax": ["error", ...syntax, defaultExport],
      "signalbox/boundaries": "error",
      "signalbox/file-name": "error",
      eqeqeq: "error",
      "no-var": "error",
      "@typescript-eslint/ban-ts-comment": [
        "error",
        { "ts-ignore": true, "ts-nocheck": true, "ts-expect-error": "allow-with-description" },
      ],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", caughtErrorsIgnorePattern: "^_" },
      ],
      "@typescript-eslint/no-empty-function": "off",
    },
  },
  {
    name: "rules that need types",
    files: ["packages/*/src/**/*.ts", ".ci/**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    // They add to what a test runner declares, and have to repeat its namespaces and type parameters.
    name: "types for test runners",
    files: ["packages/core/src/testing/{vitest,jest,jest-globals}.ts"],
    rules: {
      "@typescript-eslint/no-empty-object-type": "off",
      "@typescript-eslint/no-namespace": "off",
      "@typescript-eslint/no-unused-vars": "off",
    },
  },
  {
    name: "core: no clock, timer, chance or output",
    files: ["packages/core/src/**/*.ts"],
    ignores: ["packages/core/src/env.ts"],
    rules: {
      "no-restricted-globals": ["error", ...impureGlobals],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: impure },
      ],
      "no-restricted-syntax": ["error", ...syntax, defaultExport, aliasOfMath],
    },
  },
  {
    name: "core: synchronous",
    files: ["packages/core/src/**/*.ts"],
    ignores: ["packages/core/src/env.ts", "packages/core/src/testing/**", ...tests],
    rules: {
      "no-restricted-syntax": ["error", ...syntax, defaultExport, aliasOfMath, ...synchronous],
    },
  },
  {
    name: "CommonJS",
    files: ["examples/unit-test-jest/*.js", "**/*.cjs"],
    languageOptions: { sourceType: "commonjs" },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
  {
    name: "default exports where a tool asks for them",
    files: ["*.{js,ts}", "packages/*/*.ts", ".ci/**/*.{js,mjs,ts}"],
    rules: { "no-restricted-syntax": ["error", ...syntax] },
  },
);
