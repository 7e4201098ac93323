/**
 * One suite for every adapter, and what the tests of a single one need beside it.
 *
 * @module @signalbox/adapter-suite
 */

export type { Adapter, AdapterOptions, RunningAdapter } from "./adapter.js";
export {
  ask,
  atEnd,
  listen,
  OTHER_FORMS,
  refuse,
  seenBy,
  startChat,
  startEcho,
  startRefusing,
  statusOf,
  upgrade,
} from "./kit.js";
export { adapterSuite } from "./suite.js";
