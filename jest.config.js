/** Tests are TypeScript modules, transpiled by swc; `npm run check` type-checks them. */
export default {
  testEnvironment: "node",
  setupFiles: ["<rootDir>/test/seed.ts"],
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "es6" } },
    ],
  },
  modulePathIgnorePatterns: ["<rootDir>/build/", "<rootDir>/.cache/"],
};
