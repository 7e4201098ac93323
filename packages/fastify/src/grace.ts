/** What closing may take beyond its grace: goodbyes to clients, and answers to what was cut. Unit: milliseconds. */
const MARGIN_MS = 3_000;

/** Fastify's own default. Unit: milliseconds. */
const PLUGIN_TIMEOUT_MS = 10_000;

/** An application of Fastify, as far as it matters here. */
interface Application {
  readonly initialConfig: { readonly pluginTimeout?: number };
}

/**
 * The grace that a mount closes with. Fastify gives up on a hook that takes longer than its `pluginTimeout`, and then
 * `app.close()` rejects with connections left open; so the default is what that leaves.
 *
 * @param given undefined: the default
 *
 * @throws TypeError when the grace that is given does not fit
 */
export function graceFor({ initialConfig }: Application, given?: number): number | undefined {
  const { pluginTimeout = PLUGIN_TIMEOUT_MS } = initialConfig;
  if (pluginTimeout === 0) return given;
  const mostMs = Math.max(0, pluginTimeout - MARGIN_MS);
  if (given === undefined || given <= mostMs) return given ?? mostMs;
  throw new TypeError(
    `gatewayPlugin: graceMs is ${given}, but app.close() gives up after the pluginTimeout of ${pluginTimeout}; ` +
      `make the application with fastify({ pluginTimeout: ${given + MARGIN_MS} }), or set graceMs to ${mostMs} at most`,
  );
}
