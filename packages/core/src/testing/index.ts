export { listed, testEnv, type TestEnv, type TestEnvOptions } from "./env.js";
export { request, type RequestParts } from "./request.js";
