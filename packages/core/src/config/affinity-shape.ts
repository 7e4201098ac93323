import {
  cookieDomainProblem,
  cookieNameProblem,
  cookiePathProblem,
  LEAST_SECRET,
  MOST_CAPACITY,
  MOST_TTL_S,
  secretProblem,
} from "../affinity/check-affinity.js";
import { headerName, whole } from "./leaf-shapes.js";
import { outlined } from "./outline.js";
import {
  choice,
  either,
  explained,
  flag,
  isText,
  judged,
  list,
  oneForm,
  optional,
  record,
  type Schema,
} from "./schema.js";

// What was found is a secret, and stands in no message.
const secret = outlined(
  judged(
    (value) => isText(value) && secretProblem(value) === undefined,
    "AFFINITY",
    "a secret",
    secretProblem("") as string,
    "one that is not",
  ),
  { type: "string", minLength: LEAST_SECRET },
);
const secrets = outlined(list("sign", secret), { minItems: 1, uniqueItems: true });
const ttlS = optional(whole("AFFINITY", "ttlS", 1, MOST_TTL_S));

const cookie = record("cookie", {
  name: optional(explained("AFFINITY", "name", cookieNameProblem)),
  ttlS,
  sliding: optional(flag("sliding")),
  path: optional(explained("AFFINITY", "path", cookiePathProblem)),
  domain: optional(explained("AFFINITY", "domain", cookieDomainProblem)),
  sameSite: optional(choice("AFFINITY", "sameSite", ["strict", "lax", "none"])),
  secure: optional(flag("secure")),
  httpOnly: optional(flag("httpOnly")),
  partitioned: optional(flag("partitioned")),
  sign: optional(
    either(
      (input) => (Array.isArray(input) ? secrets : secret),
      () => [secret, secrets],
    ),
  ),
});
const beside: Record<string, Record<string, Schema>> = {
  header: { ttlS, capacity: optional(whole("AFFINITY", "capacity", 1, MOST_CAPACITY)) },
};
const chooseAffinity = oneForm(
  "AFFINITY",
  "affinity",
  { cookie, header: headerName },
  (form) => beside[form] ?? {},
);

/** Session affinity of a service. */
export const affinity = either(
  (input) => chooseAffinity(typeof input === "object" && input !== null ? input : {}),
  () => chooseAffinity.forms,
);
