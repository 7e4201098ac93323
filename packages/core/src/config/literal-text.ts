/**
 * Whether a type is one text or several, known letter by letter. `string` and patterns such as `http://${string}` are
 * not: an object that has a field for each text of theirs may be empty.
 */
export type IsLiteralText<Text> = [Text] extends [string]
  ? Record<never, never> extends { readonly [Letters in Text]: 1 }
    ? false
    : true
  : false;

/** Those texts that are not known letter by letter: they are accepted, and checked at run time. */
export type UnknownText<Text> = Text extends string
  ? IsLiteralText<Text> extends true
    ? never
    : Text
  : never;

/** What the text in a field of `Owner` may be: what is `Known`, or text that nobody knows yet. */
export type TextFor<Owner, Field extends string, Known> = Owner extends {
  readonly [Name in Field]?: infer Text;
}
  ? Known | UnknownText<Text>
  : Known;
