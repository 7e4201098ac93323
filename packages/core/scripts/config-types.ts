import path from "node:path";
import ts from "typescript";

/** What the types of a configuration say of one place in it: a type, or several of which any may hold. */
export interface Place {
  /** The name of the type, when one stands here alone. */
  readonly name: string | undefined;
  /** The doc comment of the type. */
  readonly doc: string;
  /** The record here that has exactly these fields. Throws when there is none. */
  record(fields: readonly string[]): RecordPlace;
  /** The entries of the list or the map here. */
  entries(): Place;
}

/** A record among the types of a place. */
interface RecordPlace {
  readonly name: string | undefined;
  readonly doc: string;
  field(name: string): FieldPlace;
}

/** A field of a record, with a doc comment of its own. */
export interface FieldPlace extends Place {
  readonly ownDoc: string;
}

const files = ["config", "match-config", "rewrite-config", "route-config", "service-config"].map(
  (name) => path.join(import.meta.dirname, `../src/config/${name}.ts`),
);

/** Reads the types of a configuration with their doc comments; each exported one is a place to begin at. */
export function configTypes(): (name: string) => Place {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    exactOptionalPropertyTypes: true,
    strict: true,
    noEmit: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const sources = files.map((file) =>
    checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile),
  );
  return (name) => {
    const key = ts.escapeLeadingUnderscores(name);
    const symbol = sources.map((source) => source?.exports?.get(key)).find(Boolean);
    if (symbol === undefined) throw new Error(`no file of the configuration exports ${name}`);
    return placeOf([checker.getDeclaredTypeOfSymbol(symbol)], checker);
  };
}

function placeOf(types: readonly ts.Type[], checker: ts.TypeChecker): Place {
  const members = types.flatMap((type) => (type.isUnion() ? type.types : [type]));
  const only = types.length === 1 ? types[0] : undefined;
  return {
    ...namedOf(only, checker),
    record: (fields) => recordOf(members, fields, checker),
    entries: () => {
      const entries = members.flatMap((member) => entryTypes(member, checker));
      if (entries.length === 0) throw new Error(`no list or map among ${listed(types, checker)}`);
      return placeOf(entries, checker);
    },
  };
}

function recordOf(
  members: readonly ts.Type[],
  fields: readonly string[],
  checker: ts.TypeChecker,
): RecordPlace {
  const wanted = [...fields].sort().join(", ");
  const type = members.find((member) => isRecord(member) && fieldsOf(member, checker) === wanted);
  if (type === undefined) {
    const known = members.filter(isRecord).map((member) => `{ ${fieldsOf(member, checker)} }`);
    throw new Error(
      `the check has a record of { ${wanted} }, the types have ${known.join(" or ") || listed(members, checker)}`,
    );
  }
  const field = (name: string): FieldPlace => {
    const symbol = checker.getPropertyOfType(type, name) as ts.Symbol;
    const fieldType = checker.getNonNullableType(checker.getTypeOfSymbol(symbol));
    return { ...placeOf([fieldType], checker), ownDoc: docOf(symbol, checker) };
  };
  return { ...namedOf(type, checker), field };
}

function isRecord(type: ts.Type): boolean {
  return (
    (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0 &&
    type.getNumberIndexType() === undefined &&
    type.getStringIndexType() === undefined
  );
}

function fieldsOf(type: ts.Type, checker: ts.TypeChecker): string {
  return checker
    .getPropertiesOfType(type)
    .filter((symbol) => !isRuledOut(symbol, checker))
    .map(({ name }) => name)
    .sort()
    .join(", ");
}

// A field that another form of the record has, and that must not stand here: `readonly header?: never`.
function isRuledOut(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  const type = checker.getNonNullableType(checker.getTypeOfSymbol(symbol));
  return (type.flags & ts.TypeFlags.Never) !== 0;
}

function entryTypes(type: ts.Type, checker: ts.TypeChecker): readonly ts.Type[] {
  if ((type.flags & ts.TypeFlags.Object) === 0) return [];
  const kind = checker.isArrayType(type) ? ts.IndexKind.Number : ts.IndexKind.String;
  const entry = checker.getIndexTypeOfType(type, kind);
  return entry === undefined ? [] : [entry];
}

function namedOf(type: ts.Type | undefined, checker: ts.TypeChecker) {
  const symbol = type?.aliasSymbol ?? (type?.isClassOrInterface() ? type.symbol : undefined);
  return { name: symbol?.name, doc: symbol === undefined ? "" : docOf(symbol, checker) };
}

function docOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  // Lines of a paragraph are one line; paragraphs stay apart.
  return text.replace(/(?<!\n)\n(?!\n)/g, " ");
}

function listed(types: readonly ts.Type[], checker: ts.TypeChecker): string {
  return types.map((type) => checker.typeToString(type)).join(" or ");
}
