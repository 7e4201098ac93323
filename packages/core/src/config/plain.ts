/**
 * A part of a config as a type describes it that was made without ours, such as that of an imported JSON file: text
 * and numbers instead of single values, and `undefined` where something is left out.
 */
export type Plain<Part> = unknown extends Part
  ? Part
  : Part extends string
    ? string
    : Part extends number
      ? number
      : Part extends boolean
        ? boolean
        : Part extends (...given: never) => unknown
          ? Part
          : Part extends readonly (infer Entry)[]
            ? readonly Plain<Entry>[]
            : {
                readonly [Field in keyof Part]:
                  Plain<Part[Field]> | (IsOptional<Part, Field> extends true ? undefined : never);
              };

type IsOptional<Owner, Field extends keyof Owner> =
  Record<never, never> extends Pick<Owner, Field> ? true : false;

/**
 * Whether a value was written in the call, or as a constant: then its fields are readonly, because the type parameter
 * of `createGateway` is const.
 *
 * Only two generic functions are compared so strictly that `readonly` makes a difference. `Given` stands beside them
 * so that they are not compared before it is known.
 */
export type IsWritten<Given> = [
  Given,
  <T>() => T extends { [Field in keyof Given]: Given[Field] } ? 1 : 2,
] extends [unknown, <T>() => T extends { readonly [Field in keyof Given]: Given[Field] } ? 1 : 2]
  ? true
  : false;

/** What a part of a config may be: what `Part` says when it was written in the call, its plain form when it was made elsewhere. */
export type PartFor<Given, Part> =
  IsWritten<Given> extends true ? Part : Given extends Plain<Part> ? Plain<Part> : Part;
