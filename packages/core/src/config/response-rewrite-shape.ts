import { compilePath, isPatternProblem } from "../match/pattern.js";
import { outlined } from "./outline.js";
import { hostName } from "./leaf-shapes.js";
import { either, flag, isObject, judged, map, optional, record, text } from "./schema.js";
import { COOKIE_PATH } from "./text-patterns.js";

const drop = outlined(
  judged(
    (value) => value === "drop",
    "TYPE",
    "cookieDomain",
    '"drop", or a domain such as { replace: "shop.com" }',
  ),
  { const: "drop" },
);
const domain = record("cookieDomain", { replace: hostName });
// A semicolon would end the attribute, and begin another one.
const cookiePath = text(
  "PATH",
  "the path of a cookie",
  'one such as "/shop", without ;',
  (value) => !value.includes(";") && !isPatternProblem(compilePath({ exact: value })),
  COOKIE_PATH,
);
const paths = map("cookiePath", cookiePath, cookiePath);
const undo = outlined(
  judged(
    (value) => typeof value === "boolean",
    "TYPE",
    "cookiePath",
    'true, false, or a record such as { "/app": "/" }',
  ),
  { type: "boolean" },
);

export const responseRewrite = record("responseRewrite", {
  location: optional(flag("location")),
  cookieDomain: optional(
    either(
      (input) => (isObject(input) ? domain : drop),
      () => [drop, domain],
    ),
  ),
  cookiePath: optional(
    either(
      (input) => (isObject(input) ? paths : undo),
      () => [undo, paths],
    ),
  ),
});
