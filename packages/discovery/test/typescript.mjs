// Lets Node run the scripts of this folder as they stand: it strips the types, but looks for files under the names by
// which they are imported.
import { registerHooks } from "node:module";

registerHooks({
  resolve: (specifier, context, next) =>
    next(isOurs(specifier, context.parentURL) ? specifier.replace(/\.js$/, ".ts") : specifier),
});

/** @type {(specifier: string, parent: string | undefined) => boolean} */
function isOurs(specifier, parent) {
  return specifier.startsWith(".") && parent?.endsWith(".ts") === true;
}
