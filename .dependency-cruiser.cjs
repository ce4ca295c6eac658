/** The layer rules: imports point one way, and pure folders import neither Node nor packages. */
const pure =
  "^(assembly/(wire|decide|crypto)|controller/(model|compile|image|keys|emit|explain|offline|lint|matrix|diff|check))/";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-circles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "pure-folders-know-no-node", severity: "error", from: { path: pure }, to: { dependencyTypes: ["core"] } },
    {
      name: "pure-folders-use-no-package",
      severity: "error",
      from: { path: pure },
      to: { dependencyTypes: ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "wire-and-crypto-are-the-bottom",
      severity: "error",
      from: { path: "^assembly/(wire|crypto)/" },
      to: { path: "^(assembly/(?!wire/|crypto/)|controller/|sap-wasm/)" },
    },
    {
      name: "decide-rests-on-wire-and-crypto",
      severity: "error",
      from: { path: "^assembly/decide/" },
      to: { path: "^(assembly/(?!wire/|crypto/|decide/)|controller/|sap-wasm/)" },
    },
    {
      name: "filters-know-no-controller",
      severity: "error",
      from: { path: "^(assembly|sap-wasm)/" },
      to: { path: "^(controller|perf|test)/" },
    },
    {
      name: "abi-only-in-host",
      severity: "error",
      from: { pathNot: "^assembly/host/" },
      to: { path: "^assembly/host/env\\.ts$" },
    },
    {
      name: "model-is-the-bottom",
      severity: "error",
      from: { path: "^controller/model/" },
      to: { path: "^controller/(?!model/)" },
    },
    {
      name: "compile-rests-on-model",
      severity: "error",
      from: { path: "^controller/compile/" },
      to: { path: "^controller/(?!model/|compile/|keys/)" },
    },
    {
      name: "image-and-emit-rest-on-compile",
      severity: "error",
      from: { path: "^controller/(image|emit)/" },
      to: { path: "^controller/(?!model/|compile/|keys/|image/|emit/)" },
    },
    {
      name: "the-kubernetes-client-only-in-kube",
      severity: "error",
      from: { pathNot: "^(controller/kube|test/kube)/" },
      to: { path: "node_modules/@kubernetes/" },
    },
    {
      name: "operator-runs-no-nodes",
      severity: "error",
      from: { path: "^controller/operator/" },
      to: { path: "^controller/(node/(?!back-off)|standalone|demo|cli)/" },
    },
    {
      name: "only-commands-know-the-operator",
      severity: "error",
      from: { path: "^controller/(?!cli/|operator/)" },
      to: { path: "^controller/operator/" },
    },
    {
      name: "the-product-knows-no-tests",
      severity: "error",
      from: { pathNot: "^(test|perf)/" },
      to: { path: "^(test|perf)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(build|\\.cache)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".mjs", ".cjs", ".json"] },
  },
};
