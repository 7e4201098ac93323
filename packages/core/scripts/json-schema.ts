import type { Keywords, Outline } from "../src/config/outline.js";
import type { Schema } from "../src/config/schema.js";
import type { FieldPlace, Place } from "./config-types.js";

/**
 * Makes a JSON Schema of what a check takes and of what the types say beside it. Records and unions whose
 * type has a name are definitions of that name.
 *
 * @throws Error when a part does not say what it takes, or when the check and the types differ in a field
 */
export function jsonSchemaOf(schema: Schema, types: Place): Keywords {
  const writer = new SchemaWriter();
  const root = writer.body(schema, types, "");
  return { ...root, $defs: Object.fromEntries([...writer.definitions].sort(byName)) };
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);

class SchemaWriter {
  readonly definitions = new Map<string, Keywords>();
  readonly #owners = new Map<string, Schema>();

  /** A part, by reference when it has a definition. */
  #write(schema: Schema, place: Place, at: string): Keywords {
    const part = onlyForm(schema, at);
    const name = this.#nameOf(part, place, at);
    if (name === undefined) return this.body(part, place, at);
    if (!this.#owners.has(name)) {
      this.#owners.set(name, part);
      this.definitions.set(name, this.body(part, place, at));
    }
    return { $ref: `#/$defs/${name}` };
  }

  // A name stands for one check: a second one of the same type is written where it stands.
  #nameOf(part: Schema, place: Place, at: string): string | undefined {
    const { kind } = outlineOf(part, at);
    if (kind !== "record" && kind !== "either") return undefined;
    const { name } = kind === "record" ? recordOf(part, place, at) : place;
    const owner = name === undefined ? part : this.#owners.get(name);
    return owner === undefined || owner === part ? name : undefined;
  }

  /** A part itself, whether it has a definition or not. */
  body(schema: Schema, place: Place, at: string): Keywords {
    const outline = outlineOf(schema, at);
    const { keywords = {} } = outline;
    switch (outline.kind) {
      case "leaf":
        return described(outline.expected && sentenceOf(outline.expected), keywords);
      case "list": {
        const items = this.#write(outline.of, place.entries(), `${at}[]`);
        return described(place.doc, { type: "array", items, ...keywords });
      }
      case "map":
        return described(place.doc, {
          type: "object",
          propertyNames: { ...outlineOf(outline.key, at).keywords, not: { const: "__proto__" } },
          additionalProperties: this.#write(outline.of, place.entries(), `${at}.*`),
          ...keywords,
        });
      case "record":
        return described(recordOf(schema, place, at).doc, {
          type: "object",
          ...this.#fields(schema, outline.fields, place, at),
          additionalProperties: false,
          ...keywords,
        });
      case "either": {
        const unnamed = { ...place, name: undefined, doc: "" };
        const forms = jsonForms(outline, at).map((form) => this.#write(form, unnamed, at));
        return described(place.doc, { anyOf: forms, ...keywords });
      }
      case "optional":
      case "code":
        throw new Error(`${at}: JSON cannot say it`);
    }
  }

  #fields(schema: Schema, fields: Readonly<Record<string, Schema>>, place: Place, at: string) {
    const record = recordOf(schema, place, at);
    const written = Object.entries(fields)
      .map(([name, field]) => [name, valueOf(field)] as const)
      .filter(([, value]) => value.outline?.kind !== "code");
    const properties = written.map(([name, value]) => {
      const inner = at === "" ? name : `${at}.${name}`;
      return [name, this.#field(value, record.field(name), inner)] as const;
    });
    const required = Object.keys(fields).filter(
      (name) => fields[name]?.outline?.kind !== "optional",
    );
    return {
      properties: Object.fromEntries(properties),
      ...(required.length === 0 ? {} : { required }),
    };
  }

  #field(schema: Schema, place: FieldPlace, at: string): Keywords {
    const { description, ...json } = this.#write(schema, place, at);
    const given = defaultIn(place.ownDoc);
    const texts = [place.ownDoc, description].filter(Boolean);
    return described(texts.join("\n\n"), given === undefined ? json : { default: given, ...json });
  }
}

function described(description: string | undefined, keywords: Keywords): Keywords {
  return description === undefined || description === "" ? keywords : { description, ...keywords };
}

function sentenceOf(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** The value after `Default:` in a doc comment, where that is a number or, between backticks, JSON. */
function defaultIn(doc: string): unknown {
  const found = /\bDefault: (?:`([^`]+)`|(\d[\d ]*(?:\.\d+)?|true|false)\.(?: |$))/.exec(doc);
  const text = found?.[1] ?? found?.[2]?.replaceAll(" ", "");
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

function outlineOf(schema: Schema, at: string): Outline {
  if (schema.outline !== undefined) return schema.outline;
  throw new Error(
    `${at}: a part of the check does not say what it takes. An either names its forms in its second ` +
      "argument; a judged value says what it is by outlined(…), or by onlyCode(…) that JSON cannot hold it",
  );
}

function recordOf(schema: Schema, place: Place, at: string) {
  const outline = outlineOf(schema, at);
  const fields = outline.kind === "record" ? Object.keys(outline.fields) : [];
  try {
    return place.record(fields);
  } catch (error) {
    throw new Error(`${at}: ${(error as Error).message}`, { cause: error });
  }
}

/** What stands in a field when it is given. */
function valueOf(schema: Schema): Schema {
  return schema.outline?.kind === "optional" ? valueOf(schema.outline.of) : schema;
}

function jsonForms(outline: Extract<Outline, { kind: "either" }>, at: string): readonly Schema[] {
  const forms = outline.forms().filter((form) => outlineOf(form, at).kind !== "code");
  if (forms.length === 0) throw new Error(`${at}: none of the forms can be written in JSON`);
  return forms;
}

/** The one form that a part may take in JSON, when it is only one. */
function onlyForm(schema: Schema, at: string): Schema {
  const outline = outlineOf(schema, at);
  if (outline.kind !== "either") return schema;
  const [first, second] = jsonForms(outline, at);
  return first === undefined || second !== undefined ? schema : onlyForm(first, at);
}
