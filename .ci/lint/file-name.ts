import path from "node:path";
import { ESLintUtils } from "@typescript-eslint/utils";

export default ESLintUtils.RuleCreator.withoutDocs({
  meta: {
    type: "suggestion",
    schema: [],
    messages: { kebabCase: "'{{ name }}' is not kebab-case." },
  },
  defaultOptions: [],
  create: (context) => ({
    Program(node) {
      const name = path.basename(context.filename);
      if (/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+$/.test(name)) return;
      context.report({ node, messageId: "kebabCase", data: { name } });
    },
  }),
});
