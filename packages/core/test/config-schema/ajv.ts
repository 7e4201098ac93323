import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv2020 } from "ajv/dist/2020.js";

/** The published schema, as users reach it. */
export const schema = JSON.parse(
  readFileSync(
    createRequire(import.meta.url).resolve("@signalbox/core/config.schema.json"),
    "utf8",
  ),
) as { readonly $defs: Readonly<Record<string, object>> };

/** Whether a validator that follows the standard to the letter takes a value for a configuration. */
export const fits: (value: unknown) => boolean = new Ajv2020({ strict: true }).compile(schema);
