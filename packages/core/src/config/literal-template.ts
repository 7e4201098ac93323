import type { RewriteConfig } from "./rewrite-config.js";
import type { NoParams, ParamOfSegment } from "./literal-path.js";
import type { IsLiteralText } from "./literal-text.js";

/** `:id` -> `id`, `*` -> `*`; nothing for a static segment. */
type NameInSegment<Segment> = Segment extends "*" ? "*" : ParamOfSegment<Segment>;

type NamesInTemplate<
  Template,
  Found extends string = never,
> = Template extends `${infer Segment}/${infer Rest}`
  ? NamesInTemplate<Rest, Found | NameInSegment<Segment>>
  : Found | NameInSegment<Template>;

/** What a template may be that may use the parameters `Names`. A wrong one gets its corrections: `/v2/:idd` gets `/v2/:id`. */
type TemplateFor<Template extends string, Names extends string> =
  IsLiteralText<Template> extends true
    ? [Exclude<NamesInTemplate<Template>, Names>] extends [never]
      ? string
      : [Names] extends [never]
        ? NoParams
        : Corrected<Template, Names>
    : string;

type Corrected<
  Template,
  Names extends string,
  Done extends string = "",
> = Template extends `${infer Segment}/${infer Rest}`
  ? Corrected<Rest, Names, `${Done}${CorrectedSegment<Segment, Names>}/`>
  : `${Done}${CorrectedSegment<Template, Names>}`;

type CorrectedSegment<Segment, Names extends string> = [NameInSegment<Segment>] extends [Names]
  ? Segment & string
  : SegmentOf<Names>;

type SegmentOf<Name extends string> = Name extends "*" ? "*" : `:${Name}`;

interface LiteralRewrite<Template> extends Omit<RewriteConfig, "path"> {
  readonly path?: Template;
}

/** What the `rewrite` of a route or a backend may be, where a template may use the parameters `Names`. */
export type RewriteFor<Owner, Names extends string> = Owner extends {
  readonly rewrite: { readonly path: infer Template extends string };
}
  ? LiteralRewrite<TemplateFor<Template, Names>>
  : RewriteConfig;
