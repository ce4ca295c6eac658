/** Entry that exports everything both languages compile, so that asc checks all of it and tests can call it. */
export * from "./wire/image";
export * from "./wire/bytes";
export * from "./wire/base64url";
export * from "./decide/verdict";
export * from "./decide/inbound";
export * from "./portable/crypto";
export * from "./portable/stamp";
export * from "./portable/destination";
export * from "./portable/image";
export * from "./portable/measure";
export * from "./portable/flows";
