/**
 * One suite for every adapter.
 *
 * @module @signalbox/adapter-suite
 */

export type { Adapter, AdapterOptions, RunningAdapter } from "./adapter.js";
export { adapterSuite } from "./suite.js";
