const { stripTypeScriptTypes } = require("node:module");

// Node strips the types, so that no compiler stands between jest and its tests. They are checked by tsc.
exports.process = (source) => ({ code: stripTypeScriptTypes(source) });
