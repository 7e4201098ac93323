import { format, resolveConfig } from "prettier";
import { configInput } from "../src/config/shape.js";
import { configTypes } from "./config-types.js";
import { jsonSchemaOf } from "./json-schema.js";

/** The JSON Schema of a configuration, as it is published: `config.schema.json`. */
export async function configSchema(): Promise<string> {
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "https://unpkg.com/@signalbox/core/config.schema.json",
    title: "Signalbox configuration",
    ...jsonSchemaOf(configInput, configTypes()("ConfigInput")),
  };
  const style = await resolveConfig(import.meta.filename);
  return format(JSON.stringify(schema, null, 2), { ...style, parser: "json" });
}
