import { url } from "./action-shape.js";
import { socketPath } from "./connect-shape.js";
import { name, whole } from "./leaf-shapes.js";
import { onlyCode } from "./outline.js";
import {
  anything,
  either,
  isObject,
  judged,
  map,
  nothing,
  number,
  optional,
  record,
} from "./schema.js";

const described = {
  id: optional(name("an id")),
  version: optional(name("a version")),
  weight: optional(
    number(
      "INSTANCE_WEIGHT",
      "weight of an instance",
      "a finite number > 0",
      (value) => Number.isFinite(value) && value > 0,
      { exclusiveMinimum: 0 },
    ),
  ),
  zone: optional(name("a zone")),
  tier: optional(whole("TIER", "tier", 0)),
  metadata: optional(map("metadata", name("a name"), anything)),
};
const longInstance = record("an instance", { url, socketPath: optional(socketPath), ...described });

const besideHandler = (field: string) =>
  optional(
    nothing("HANDLER", field, "left out beside handler: an instance is a place or a function"),
  );
const handlerInstance = onlyCode(
  record(
    "an instance",
    {
      handler: judged(
        (value) => typeof value === "function",
        "HANDLER",
        "handler",
        "a function that takes (req, res, next)",
      ),
      ...described,
    },
    { url: besideHandler("url"), socketPath: besideHandler("socketPath") },
  ),
);

/** An instance: a URL, a record with one and more, or one with a function. */
export const instance = either(
  (input) => {
    if (!isObject(input)) return url;
    return Object.hasOwn(input, "handler") ? handlerInstance : longInstance;
  },
  () => [url, longInstance, handlerInstance],
);
